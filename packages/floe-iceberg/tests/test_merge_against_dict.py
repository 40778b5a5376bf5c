"""Random writes against the same writes on a Python dict."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from testing.lake import Lake, identity

COLUMNS = ("a", "b", "c")
KEYS = st.one_of(st.none(), st.integers(-3, 12))
ROWS = st.lists(st.tuples(KEYS, st.integers(0, 99)), max_size=6)
WRITES = st.lists(
    st.tuples(
        st.sampled_from(["overwrite", "append", "merge", "merge", "delete+insert"]),
        st.sets(st.sampled_from(COLUMNS), min_size=1),
        ROWS,
        st.booleans(),
    ),
    min_size=1,
    max_size=5,
)
Row = dict[str, Any]


@contextmanager
def new_lake() -> Iterator[Lake]:
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake(Path(folder))
        yield lake
        lake.close()


def once_a_key(rows: list[tuple[int | None, int]]) -> list[tuple[int | None, int]]:
    seen: set[int] = set()
    return [row for row in rows if row[0] is None or not (row[0] in seen or seen.add(row[0]))]  # type: ignore[func-returns-value]


def query(columns: list[str], rows: list[tuple[int | None, int]]) -> str:
    values = ", ".join(f"({'null' if key is None else key}::int, {value})" for key, value in rows)
    source = f"(values {values}) t(k, v)" if rows else "(select null::int as k, 0 as v where false)"
    return f"select k, {', '.join(f'v as {column}' for column in columns)} from {source}"


def applied(table: list[Row], mode: str, columns: list[str], rows: list[tuple[int | None, int]]) -> list[Row]:
    """What the write means, with on_schema_change=append_new_columns."""
    new = [{"k": key, **dict.fromkeys(columns, value)} for key, value in rows]
    if mode == "overwrite":
        return new
    if mode == "append":
        return table + new
    keys = {key for key, _ in rows if key is not None}
    kept = [row for row in table if row["k"] not in keys]
    if mode == "delete+insert":
        return kept + new
    old = {row["k"]: row for row in table if row["k"] in keys}
    return kept + [{**(old.get(row["k"], {}) if row["k"] is not None else {}), **row} for row in new]


@pytest.mark.requirement("FR-025", "FR-090")
@settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(writes=WRITES)
def test_any_sequence_of_writes_leaves_what_it_leaves_on_a_dict(writes: Any) -> None:
    with new_lake() as lake:
        table: list[Row] = []
        columns: list[str] = []
        for number, (mode, chosen, rows, publish) in enumerate(writes):
            # a key twice in the table is no merge's business: only merges and overwrites add keys
            mode = "merge" if mode == "append" and any(key is not None for key, _ in rows) else mode
            rows = once_a_key(rows)
            used = sorted(chosen)
            with lake.manager.run(identity(f"r{number}")) as run:
                more: dict[str, Any] = {"unique_key": ["k"], "on_schema_change": "append_new_columns"}
                count = lake.write(run, "t", query(used, rows), mode, **more)
                after = applied(table, mode if columns else "overwrite", used, rows)
                kept = [] if mode == "overwrite" else columns
                names = kept + [column for column in used if column not in kept]
                expected = Counter(tuple(row.get(name) for name in ("k", *names)) for row in after)
                assert Counter(lake.rows("t", run)) == expected
                assert count == len(after)
                if publish:
                    run.publish()
                    table, columns = after, names
                    assert Counter(lake.plain_rows("t")) == expected
