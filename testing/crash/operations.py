"""What can be done to a lake, and what each of it makes of the rows readers see."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from pathlib import Path

import duckdb

from floe_core.lake import MaintenancePolicy, RunIdentity
from floe_iceberg import Alteration, IcebergTableManager, RunTransaction, TableId

NAMESPACE = "shop"
NAMES = ("a", "b")  # one as it comes, one partitioned and sorted
POLICY = MaintenancePolicy(
    keep_last=2, min_small_files=1000, branch_grace_s=0, file_grace_s=30, min_file_age_s=0
)
Row = tuple[int | None, ...]


@dataclass(frozen=True)
class Shown:
    """A table as readers see it: rows by their first column, which is the key, and how many come twice."""

    columns: tuple[str, ...]
    rows: Mapping[int, Row]
    doubled: int = 0
    tags: frozenset[str] = frozenset()

    def plus(self, key: int, v: int) -> Shown:
        return replace(self, rows={**self.rows, key: (key, v, *(None for _ in self.columns[2:]))})

    def merged(self, key: int, v: int) -> Shown:
        """Other columns keep what they have."""
        if key not in self.rows:
            return self.plus(key, v)
        return replace(self, rows={**self.rows, key: (key, v, *self.rows[key][2:])})


State = Mapping[str, Shown]


@dataclass
class Attempt:
    """One try at an operation; ``number`` tells tries apart, ``written`` is what this one wrote."""

    folder: Path
    number: int
    attempt: int = 1
    reuse: Collection[str] = ()
    written: Collection[str] = ()

    @cached_property
    def manager(self) -> IcebergTableManager:
        properties = {
            "uri": f"sqlite:///{self.folder}/catalog.db",
            "warehouse": f"file://{self.folder}/warehouse",
        }
        return IcebergTableManager.open("floe", properties)

    def close(self) -> None:
        if "manager" in self.__dict__:
            self.manager.close()

    def identity(self, suffix: str = "") -> RunIdentity:
        return RunIdentity(f"run-{self.number}{suffix}", self.attempt, NAMESPACE, "dev", "d1ce57", "7ace")


@dataclass(frozen=True)
class Operation:
    """``prepare`` is done before, in peace; ``after`` is what comes of the state that leaves."""

    work: Callable[[Attempt], None]
    after: Callable[[State, int], State]
    prepare: str | None = None
    is_run: bool = False


Write = Callable[[RunTransaction, duckdb.DuckDBPyConnection, TableId, int], object]


def _write(
    run: RunTransaction, con: duckdb.DuckDBPyConnection, table: TableId, number: int, *, mode: str, sql: str
) -> None:
    layout = {"partition_by": ["bucket(2, id)"], "sort_by": ["v"]} if table.name == "b" else {}
    run.write(
        con,
        table,
        sql.format(n=number),
        model=table.name,
        mode=mode,  # type: ignore[arg-type]
        unique_key=["id"],
        on_schema_change="append_new_columns",
        **layout,  # type: ignore[arg-type]
    )


def _delete(run: RunTransaction, con: duckdb.DuckDBPyConnection, table: TableId, _: int) -> None:
    run.delete(con, table, "id = (select 2) or id > 100", model=table.name)


def _alter(run: RunTransaction, _: duckdb.DuckDBPyConnection, table: TableId, number: int) -> None:
    view = run.view(table)
    assert view is not None
    more = [field.name for field in view.schema.fields][2:]
    renamed = dict.fromkeys(more[:1], f"e{number}")
    alteration = Alteration(drop=more[1:], rename=renamed, add={f"d{number}": "integer"})
    layout = {"partition_by": [f"bucket({2 + number % 2}, id)"]} if table.name == "b" else {}
    run.alter(table, alteration, model=table.name, **layout)


def _roll_back(run: RunTransaction, _: duckdb.DuckDBPyConnection, table: TableId, number: int) -> None:
    run.roll_back(table, f"tag-{number}", model=table.name)


def _compact(run: RunTransaction, con: duckdb.DuckDBPyConnection, table: TableId, _: int) -> None:
    run.compact(con, table, model=table.name, target_bytes=1 << 27, min_files=2)


def _in_a_run(
    attempt: Attempt, write: Write, names: Collection[str] = NAMES, *, publish: bool = True
) -> None:
    """Write each table that an earlier attempt has not written; on a failure tell what is written by now."""
    con = duckdb.connect()
    con.execute("set threads = 2")
    with attempt.manager.run(attempt.identity(), reuse=attempt.reuse) as run:
        try:
            for name in names:
                if name not in run.written:
                    write(run, con, TableId(NAMESPACE, name), attempt.number)
            if publish:
                run.publish()
        finally:
            attempt.written = sorted(run.written)


def _create(attempt: Attempt) -> None:
    _in_a_run(attempt, partial(_write, mode="overwrite", sql=_ONE), [f"new_{attempt.number}"])


def _append_before(attempt: Attempt) -> None:
    earlier = Attempt(attempt.folder, attempt.number)
    with earlier.manager.run(earlier.identity("-before")) as run, duckdb.connect() as con:
        for name in NAMES:
            _write(run, con, TableId(NAMESPACE, name), attempt.number, mode="append", sql=_ONE)
        run.publish()


def _tag(attempt: Attempt) -> None:
    attempt.manager.tag(TableId(NAMESPACE, NAMES[0]), f"tag-{attempt.number}")


def _drop_tag(attempt: Attempt) -> None:
    attempt.manager.drop_tag(TableId(NAMESPACE, NAMES[0]), f"tag-{attempt.number}")


def _tag_and_append(attempt: Attempt) -> None:
    for name in NAMES:
        attempt.manager.tag(TableId(NAMESPACE, name), f"tag-{attempt.number}")
    _append_before(attempt)


def _expire(attempt: Attempt) -> None:
    for name in NAMES:
        attempt.manager.expire_snapshots(TableId(NAMESPACE, name), keep_last=1)


def _remove(attempt: Attempt) -> None:
    """As if it were a while later, so that what was seen superfluous the last time may go."""
    later = datetime.now(UTC) + timedelta(minutes=attempt.number + 1)
    attempt.manager.maintain(
        [NAMESPACE], POLICY, identity=attempt.identity(), living={}, now=later, dry_run=False
    )


_SIX = "select range::int as id, {n}::int as v from range(6)"
_ONE = "select 100000 + {n}::int as id, {n}::int as v"
_TWO = "select unnest([1, 200000 + {n}])::int as id, {n}::int as v"
_WIDER = "select 300000 + {n}::int as id, {n}::int as v, {n}::int as c{n}"


def _of_each(change: Callable[[Shown, int], Shown]) -> Callable[[State, int], State]:
    empty = Shown(("id", "v"), {})
    return lambda state, number: {**state, **{name: change(state.get(name, empty), number) for name in NAMES}}


def _of_one(change: Callable[[Shown, int], Shown]) -> Callable[[State, int], State]:
    return lambda state, number: {**state, NAMES[0]: change(state[NAMES[0]], number)}


def _six(shown: Shown, number: int) -> Shown:
    return replace(shown, columns=("id", "v"), rows={key: (key, number) for key in range(6)})


def _one(shown: Shown, number: int) -> Shown:
    return shown.plus(100_000 + number, number)


def _two(shown: Shown, number: int) -> Shown:
    return shown.merged(1, number).merged(200_000 + number, number)


def _two_anew(shown: Shown, number: int) -> Shown:
    return shown.plus(1, number).plus(200_000 + number, number)


def _fewer(shown: Shown, _: int) -> Shown:
    return replace(shown, rows={key: row for key, row in shown.rows.items() if key != 2 and key <= 100})


def _wider(shown: Shown, number: int) -> Shown:
    rows = {key: (*row, None) for key, row in shown.rows.items()}
    key = 300_000 + number
    rows[key] = (key, number, *(None for _ in shown.columns[2:]), number)
    return replace(shown, columns=(*shown.columns, f"c{number}"), rows=rows)


def _altered(shown: Shown, number: int) -> Shown:
    third = (f"e{number}",) if len(shown.columns) > 2 else ()
    rows = {key: (*row[: 2 + len(third)], None) for key, row in shown.rows.items()}
    return replace(shown, columns=("id", "v", *third, f"d{number}"), rows=rows)


def _without_the_last(shown: Shown, number: int) -> Shown:
    return replace(shown, rows={key: row for key, row in shown.rows.items() if key != 100_000 + number})


def _tagged(shown: Shown, number: int) -> Shown:
    return replace(shown, tags=shown.tags | {f"tag-{number}"})


def _untagged(shown: Shown, number: int) -> Shown:
    return replace(shown, tags=shown.tags - {f"tag-{number}"})


def _same(state: State, _: int) -> State:
    return state


def _new(state: State, number: int) -> State:
    return {**state, f"new_{number}": Shown(("id", "v"), {100_000 + number: (100_000 + number, number)})}


def _writing(mode: str, sql: str) -> Callable[[Attempt], None]:
    return partial(_in_a_run, write=partial(_write, mode=mode, sql=sql))


_overwriting = partial(_write, mode="overwrite", sql=_SIX)


def _seen_superfluous(attempt: Attempt) -> None:
    """Files that maintenance has seen once already, so that the next pass removes them."""
    _append_before(attempt)
    _expire(attempt)
    _remove(replace(attempt, number=attempt.number - 1))


PREPARATIONS: dict[str, Callable[[Attempt], None]] = {
    "a row more": _append_before,
    "a tag": _tag,
    "a tag, then a row more": _tag_and_append,
    "written": partial(_in_a_run, write=_overwriting, publish=False),
    "superfluous files": _seen_superfluous,
    "half written": partial(_in_a_run, write=_overwriting, names=("a",), publish=False),
}


def _publish(attempt: Attempt) -> None:
    _in_a_run(replace(attempt, reuse=NAMES), _overwriting)


def _retry(attempt: Attempt) -> None:
    _in_a_run(replace(attempt, attempt=2, reuse=("a",)), _overwriting)


OPERATIONS: dict[str, Operation] = {
    "create": Operation(_create, _new, is_run=True),
    "overwrite": Operation(_writing("overwrite", _SIX), _of_each(_six), is_run=True),
    "append": Operation(_writing("append", _ONE), _of_each(_one), is_run=True),
    "merge": Operation(_writing("merge", _TWO), _of_each(_two), is_run=True),
    "delete+insert": Operation(_writing("delete+insert", _TWO), _of_each(_two_anew), is_run=True),
    "delete": Operation(partial(_in_a_run, write=_delete), _of_each(_fewer), "a row more", is_run=True),
    "evolve": Operation(_writing("append", _WIDER), _of_each(_wider), is_run=True),
    "alter": Operation(partial(_in_a_run, write=_alter), _of_each(_altered), is_run=True),
    "roll back": Operation(
        partial(_in_a_run, write=_roll_back),
        _of_each(_without_the_last),
        "a tag, then a row more",
        is_run=True,
    ),
    "tag": Operation(_tag, _of_one(_tagged)),
    "drop tag": Operation(_drop_tag, _of_one(_untagged), "a tag"),
    "publish": Operation(_publish, _of_each(_six), "written"),
    "retry": Operation(_retry, _of_each(_six), "half written"),
    "compact": Operation(partial(_in_a_run, write=_compact), _same, "a row more"),
    "expire": Operation(_expire, _same, "a row more"),
    "remove": Operation(_remove, _same, "superfluous files"),
}
