"""Random histories of a table against the same on Python lists, and the naive way failing at them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from floe_core.errors import ConflictError
from floe_iceberg import RunTransaction
from testing.lake import Lake, identity
from testing.table_model import TableHistory, superfluous_files

KEYS = st.one_of(st.none(), st.integers(-2, 9))
ROWS = st.lists(st.tuples(KEYS, st.integers(0, 5)), max_size=5)
COLUMN = st.integers(0, 3)
NAME = st.sampled_from("abc")
TRANSFORM = st.sampled_from([None, "{}", "bucket(3, {})", "truncate(4, {})"])
ASIDE = st.booleans()


def step(name: str, *arguments: Any, **named: Any) -> st.SearchStrategy[Any]:
    return st.tuples(st.just(name), st.tuples(*arguments), st.fixed_dictionaries(named))


STEPS = st.one_of(
    step("append", ROWS, aside=ASIDE),
    step("merge", ROWS, aside=ASIDE),
    step("delete", COLUMN, st.integers(0, 5), aside=ASIDE),
    step("add", NAME, aside=ASIDE),
    step("drop", COLUMN, aside=ASIDE),
    step("rename", COLUMN, NAME, aside=ASIDE),
    step("widen", COLUMN, aside=ASIDE),
    step("reorder", COLUMN, aside=ASIDE),
    step("lay_out", COLUMN, TRANSFORM, aside=ASIDE),
    step("publish"),
    step("tag", NAME),
    step("roll_back", st.integers(0, 5)),
    step("compact"),
    step("expire", st.integers(0, 3)),
    step("maintain"),
)
HISTORIES = st.lists(STEPS, min_size=4, max_size=10)
QUIET: dict[str, Any] = {
    "deadline": None,
    "suppress_health_check": list(HealthCheck),
    "phases": [Phase.explicit, Phase.reuse, Phase.generate],  # to shrink a history takes minutes
}


@contextmanager
def new_lake() -> Iterator[Lake]:
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake(Path(folder))
        yield lake
        lake.close()


def lived(steps: Any) -> list[Path]:
    """What is left over of the history's files at its end, each step compared with the model."""
    with new_lake() as lake:
        history = TableHistory(lake)
        for name, arguments, named in steps:
            getattr(history, name)(*arguments, **named)
            history.check()
        history.check_history()
        return history.left_over()


@pytest.mark.requirement("FR-022", "FR-025", "FR-031", "FR-032", "FR-090", "FR-091", "FR-092")
@settings(max_examples=60, derandomize=True, **QUIET)
@given(steps=HISTORIES)
def test_sixty_histories_leave_what_they_leave_on_lists(steps: Any) -> None:
    assert lived(steps) == []


@pytest.mark.slow
@pytest.mark.requirement("FR-022", "FR-025", "FR-031", "FR-032", "FR-090", "FR-091", "FR-092")
@pytest.mark.parametrize("part", range(8))  # so that every core has some of them
@settings(max_examples=250, derandomize=False, **QUIET)
@given(steps=st.lists(STEPS, min_size=6, max_size=14))
def test_two_thousand_longer_histories_leave_what_they_leave_on_lists(part: int, steps: Any) -> None:
    assert lived(steps) == []


@pytest.mark.requirement("FR-031")
def test_the_naive_delete_fails_against_the_model(lake: Lake) -> None:
    history = TableHistory(lake)
    history.append([(1, 2), (2, 5), (None, 5)], aside=False)
    before = history.order[-1]
    history.delete(0, 9, aside=False)  # k != 9: the row without a key stays
    history.check()
    assert lake.plain_rows("t") == [(None, 6)]
    lake.manager.roll_back([history.id], before, by=history.by)
    lake.table("t").delete("k != 9")
    assert lake.plain_rows("t") == []
    with pytest.raises(AssertionError):
        history.check()


@pytest.mark.disk
@pytest.mark.requirement("FR-032")
def test_the_naive_expiry_frees_no_storage_and_ours_all_of_it(lake: Lake) -> None:
    history = TableHistory(lake)
    for number in range(4):
        history.append([(number, number)], aside=False)
        history.delete(0, number, aside=False)
    naive = lake.table("t")
    current = naive.metadata.current_snapshot_id
    old = [one.snapshot_id for one in naive.metadata.snapshots if one.snapshot_id != current]
    naive.maintenance.expire_snapshots().by_ids(old).commit()
    assert len(superfluous_files(lake, lake.table("t"))) > len(old)
    assert history.left_over() == []


@pytest.mark.requirement("FR-025")
def test_naive_upserts_double_a_key_and_ours_are_fenced(lake: Lake) -> None:
    lake.publish("base", "t", "select 0 as k, 0 as v")
    row = pa.table({"k": pa.array([7], pa.int32()), "v": pa.array([1], pa.int32())})
    stale = [lake.plain().load_table("shop.t") for _ in range(2)]
    for table in stale:
        table.upsert(row, join_cols=["k"])
    assert lake.plain_rows("t") == [(0, 0), (7, 1), (7, 1)]

    lake.publish("base", "ours", "select 0 as k, 0 as v")
    runs = [RunTransaction(lake.manager, identity(name)) for name in ("a", "b")]
    for run in runs:
        lake.write(run, "ours", "select 7 as k, 1 as v", "merge", unique_key=["k"])
    runs[0].publish()
    with pytest.raises(ConflictError, match=r"'shop\.ours'"):
        runs[1].publish()
    assert lake.plain_rows("ours") == [(0, 0), (7, 1)]
