"""A table beside what it ought to be: the same history on a catalog and on Python lists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from pyiceberg.table import Table

from floe_core.errors import ConflictError
from floe_core.lake import MaintenancePolicy
from floe_iceberg import Alteration
from testing.lake import Lake, identity

Row = Mapping[int, int | None]
BRANCH = "audit"
_KEY = 0  # the first column's number: what merges go by
_POLICY = MaintenancePolicy(keep_last=3, min_small_files=3)
_GRACE = timedelta(days=2)


@dataclass(frozen=True)
class State:
    """Columns as (number, name), in their order; the values of a row by the column's number."""

    columns: tuple[tuple[int, str], ...] = ((_KEY, "k"), (1, "v"))
    rows: tuple[Row, ...] = ()

    def seen(self) -> Counter[tuple[int | None, ...]]:
        numbers = [number for number, _ in self.columns]
        return Counter(tuple(row.get(number) for number in numbers) for row in self.rows)

    @property
    def names(self) -> list[str]:
        return [name for _, name in self.columns]

    def number(self, name: str) -> int:
        return next(number for number, known in self.columns if known == name)


@dataclass
class TableHistory:
    """``t`` of a lake, and every state it has had by snapshot; each method does one thing to both."""

    lake: Lake
    main: State = field(default_factory=State)
    side: State | None = None
    side_base: int | None = None
    states: dict[int, State] = field(default_factory=dict)
    order: list[int] = field(default_factory=list)
    tags: dict[str, int] = field(default_factory=dict)
    named: bool = False
    clock: datetime = field(default_factory=lambda: datetime.now(UTC))
    numbers: count[int] = field(default_factory=lambda: count(2))

    def __post_init__(self) -> None:
        self.door, self.id, self.by = self.lake.manager, self.lake.id("t"), identity("model")
        self.door.create(self.id, {"k": "int", "v": "int"}, by=self.by)
        self._moved(self.main)

    # --- what can happen ---

    def append(self, rows: Sequence[tuple[int | None, int]], *, aside: bool) -> None:
        there = {row.get(_KEY) for row in self._base(aside).rows}
        new = [row for row in _once_a_key(rows) if row[0] is None or row[0] not in there]
        self.door.append(self.lake.con, self.id, self._query(new, aside), by=self.by, branch=_branch(aside))
        base = self._base(aside)
        self._done(replace(base, rows=(*base.rows, *self._filled(new, base))), aside)

    def merge(self, rows: Sequence[tuple[int | None, int]], *, aside: bool) -> None:
        new = _once_a_key(rows)
        sql, key = self._query(new, aside), [self._base(aside).names[self._key_place(aside)]]
        self.door.merge(self.lake.con, self.id, sql, unique_key=key, by=self.by, branch=_branch(aside))
        base, keys = self._base(aside), {key for key, _ in new if key is not None}
        kept = [row for row in base.rows if row.get(_KEY) not in keys]
        self._done(replace(base, rows=(*kept, *self._filled(new, base))), aside)

    def delete(self, column: int, value: int, *, aside: bool) -> None:
        base = self._base(aside)
        number, name = base.columns[column % len(base.columns)]
        where = f"{name} != {value}"
        deleted = self.door.delete(self.lake.con, self.id, where, by=self.by, branch=_branch(aside))
        kept = [row for row in base.rows if row.get(number) is None or row.get(number) == value]
        assert deleted == len(base.rows) - len(kept)
        if deleted:
            self._done(replace(base, rows=tuple(kept)), aside)

    def add(self, name: str, *, aside: bool) -> None:
        base = self._base(aside)
        if name not in base.names:
            self._evolve(Alteration(add={name: "int"}), aside)
            self._done(replace(base, columns=(*base.columns, (next(self.numbers), name))), aside)

    def drop(self, column: int, *, aside: bool) -> None:
        base = self._base(aside)
        number, name = base.columns[column % len(base.columns)]
        if number != _KEY:
            self._evolve(Alteration(drop=[name]), aside)
            columns = tuple(pair for pair in base.columns if pair[0] != number)
            rows = tuple({n: value for n, value in row.items() if n != number} for row in base.rows)
            self._done(State(columns, rows), aside)

    def rename(self, column: int, name: str, *, aside: bool) -> None:
        base = self._base(aside)
        number, old = base.columns[column % len(base.columns)]
        if name not in base.names:
            self._evolve(Alteration(rename={old: name}), aside)
            columns = tuple((n, name if n == number else known) for n, known in base.columns)
            self._done(replace(base, columns=columns), aside)

    def widen(self, column: int, *, aside: bool) -> None:
        name = self._base(aside).names[column % len(self._base(aside).columns)]
        self._evolve(Alteration(widen={name: "bigint"}), aside)
        self._done(self._base(aside), aside)

    def reorder(self, column: int, *, aside: bool) -> None:
        base = self._base(aside)
        first = base.columns[column % len(base.columns)]
        self._evolve(Alteration(order=[first[1]]), aside)
        columns = (first, *(pair for pair in base.columns if pair != first))
        self._done(replace(base, columns=columns), aside)

    def lay_out(self, column: int, transform: str | None, *, aside: bool) -> None:
        name = self._base(aside).names[column % len(self._base(aside).columns)]
        terms = [transform.format(name)] if transform else []
        sort_by = [f"{name} desc"] if column % 2 else []
        self.door.evolve(self.id, by=self.by, partition_by=terms, sort_by=sort_by, branch=_branch(aside))
        self._done(self._base(aside), aside)

    def publish(self) -> None:
        if self.side is None:
            return
        if self.side_base == self.order[-1]:
            self.door.publish(BRANCH, by=self.by)
            self._moved(self.side)
        else:
            self._refused_to_publish()
        self.side = None

    def _refused_to_publish(self) -> None:
        before = self.lake.seen("t")
        try:
            self.door.publish(BRANCH, by=self.by)
        except ConflictError:
            assert self.lake.seen("t") == before
        else:
            raise AssertionError("a branch was published over what it had not seen")
        self.door.drop_branch(self.id, BRANCH)

    def tag(self, name: str) -> None:
        if name in self.tags:
            self.door.drop_tag(self.id, name)
            del self.tags[name]
        else:
            self.tags[name], self.named = self.door.tag(self.id, name), True
            assert self.tags[name] == self.order[-1]

    def roll_back(self, back: int) -> None:
        kept = [one for one in self.order if one in self._snapshots()]
        target = kept[-1 - back % len(kept)]
        self.door.roll_back([self.id], target, by=self.by)
        self._moved(self.states[target])

    def compact(self) -> None:
        if self.door.compact(self.id, by=self.by):
            self._moved(self.main)

    def expire(self, keep_last: int) -> None:
        before, newest = self._snapshots(), self._lineage()[: max(keep_last, 1)]
        self.door.expire_snapshots(self.id, keep_last=keep_last)
        there = self._snapshots()
        assert {*newest, *self.tags.values()} <= there <= before
        if not self.named:  # nothing but main has kept any
            assert there == set(newest)
        self.check_history()

    def maintain(self) -> None:
        """A pass after the grace time: whatever was unneeded at the last one is gone after it."""
        self.clock += _GRACE
        self.door.maintain(
            [self.id.namespace], _POLICY, identity=self.by, living={}, now=self.clock, dry_run=False
        )
        head = self._table().metadata.current_snapshot_id
        if head != self.order[-1]:  # it compacted
            self._moved(self.main)
        self.check_history()

    # --- what must be true ---

    def check(self) -> None:
        """Main and the branch show their rows, and the snapshot counts them right."""
        assert self._read(None) == self.main.seen()
        described = self.door.describe(self.id)
        assert [column.name for column in described.columns] == self.main.names
        files = [task.file for task in self._table().scan().plan_files()]
        assert (described.rows, described.files) == (len(self.main.rows), len(files))
        assert described.bytes == sum(file.file_size_in_bytes for file in files)
        if self.side is not None:
            assert self._read(BRANCH) == self.side.seen()

    def check_history(self) -> None:
        """Every snapshot there is shows the rows it had, and every file it needs is there."""
        for snapshot in self._snapshots():
            if snapshot in self.states:
                assert self._read(snapshot) == self.states[snapshot].seen()
        missing = [path for path in needed_files(self._table()) if not path.exists()]
        assert missing == []

    def left_over(self) -> list[Path]:
        """What nothing needs and is there, after passes enough; to others the table is the same."""
        found = self._table().scan().to_arrow().to_pylist()
        assert Counter(tuple(row.values()) for row in found) == self.main.seen()
        self.maintain()
        self.maintain()
        self.maintain()
        return superfluous_files(self.lake, self._table())

    # --- how it is told apart ---

    def _base(self, aside: bool) -> State:
        return self.main if not aside or self.side is None else self.side

    def _done(self, state: State, aside: bool) -> None:
        if not aside:
            self._moved(state)
            return
        if self.side is None:
            self.side_base, self.named = self.order[-1], True
        self.side = state

    def _moved(self, state: State) -> None:
        self.main = state
        head = self._table().metadata.current_snapshot_id
        assert head is not None
        assert head not in self.states
        self.states[head] = state
        self.order.append(head)

    def _evolve(self, alteration: Alteration, aside: bool) -> None:
        self.door.evolve(self.id, alteration, by=self.by, branch=_branch(aside))

    def _key_place(self, aside: bool) -> int:
        return [number for number, _ in self._base(aside).columns].index(_KEY)

    def _filled(self, rows: Sequence[tuple[int | None, int]], base: State) -> list[Row]:
        return [{n: key if n == _KEY else value + n for n, _ in base.columns} for key, value in rows]

    def _query(self, rows: Sequence[tuple[int | None, int]], aside: bool) -> str:
        base = self._base(aside)
        columns = ", ".join(f"c{place}::bigint AS {name}" for place, name in enumerate(base.names))
        filled = [[row[n] for n, _ in base.columns] for row in self._filled(rows, base)]
        values = filled or [[None] * len(base.columns)]
        listed = ", ".join(
            f"({', '.join('NULL' if value is None else str(value) for value in row)})" for row in values
        )
        names = ", ".join(f"c{place}" for place in range(len(base.columns)))
        none = "" if filled else " WHERE false"
        return f"SELECT {columns} FROM (VALUES {listed}) t({names}){none}"

    def _read(self, as_of: int | str | None) -> Counter[tuple[Any, ...]]:
        sql = self.door.scan_sql(self.id, as_of=as_of)
        assert sql is not None
        return Counter(self.lake.con.execute(sql).fetchall())

    def _lineage(self) -> list[int]:
        """Main's snapshot, what it was made of, and so on; also what a branch was before it was published."""
        parents = {one.snapshot_id: one.parent_snapshot_id for one in self._table().metadata.snapshots}
        found, next_one = [], self._table().metadata.current_snapshot_id
        while next_one in parents:
            found.append(next_one)
            next_one = parents[next_one]
        return found

    def _snapshots(self) -> set[int]:
        return {snapshot.snapshot_id for snapshot in self._table().metadata.snapshots}

    def _table(self) -> Table:
        return self.lake.table("t")


def needed_files(table: Table) -> set[Path]:
    """Every file that some snapshot or the catalog leads to, as plain PyIceberg finds them."""
    metadata = table.metadata
    found = {table.metadata_location, *(entry.metadata_file for entry in metadata.metadata_log)}
    for snapshot in metadata.snapshots:
        found.add(snapshot.manifest_list)
        for manifest in snapshot.manifests(table.io):
            found.add(manifest.manifest_path)
            entries = manifest.fetch_manifest_entry(table.io, discard_deleted=True)
            found |= {entry.data_file.file_path for entry in entries}
    return {Path(location.removeprefix("file://")) for location in found}


def superfluous_files(lake: Lake, table: Table) -> list[Path]:
    """The files in the table's folder that nothing leads to."""
    stored = {path for path in lake.path(table.location()).rglob("*") if path.is_file()}
    return sorted(stored - needed_files(table))


def _branch(aside: bool) -> str | None:
    return BRANCH if aside else None


def _once_a_key(rows: Sequence[tuple[int | None, int]]) -> list[tuple[int | None, int]]:
    last = dict(rows)
    return [(None, value) for key, value in rows if key is None] + [
        (key, value) for key, value in last.items() if key is not None
    ]
