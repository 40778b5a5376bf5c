"""What became of a product's tables from one artifact to the next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Literal

from floe_core.compatibility.readers import Reader, Readers
from floe_core.compatibility.types import holds
from floe_core.schemas.artifacts import ArtifactColumn, CompiledArtifacts, Seed, Transform

Kind = Literal[
    "table_added",
    "table_dropped",
    "column_added",
    "column_dropped",
    "column_widened",
    "column_retyped",
    "column_nullable",
    "column_not_null",
    "column_unproven",
    "column_moved",
]
Verdict = Literal["breaking", "deprecated", "addition", "internal"]
"""``deprecated``: gone as it was announced, and nobody reads it; ``internal``: no other product sees it."""

_ALIKE = 0.6  # of two names, as difflib counts it: 'country' and 'country_code' have 0.74
_BREAKING = {"table_dropped", "column_dropped", "column_retyped", "column_nullable", "column_unproven"}

Table = Seed | Transform


@dataclass(frozen=True)
class Change:
    """One difference; ``before`` and ``after`` are types, ``became`` is what a dropped thing may be now."""

    kind: Kind
    dataset: str
    table: str
    path: str
    column: str | None = None
    before: str | None = None
    after: str | None = None
    became: str | None = None
    verdict: Verdict = "addition"
    readers: tuple[Reader, ...] = ()

    @property
    def compatible(self) -> bool:
        return self.verdict != "breaking"

    @property
    def name(self) -> str:
        return f"{self.table}.{self.column}" if self.column else self.table


class Comparison:
    """Compares two artifacts of a product; ``readers`` are those of the whole platform."""

    def __init__(self, before: CompiledArtifacts, after: CompiledArtifacts, readers: Readers) -> None:
        self._before = before
        self._after = after
        self._readers = readers
        self._announced = {(each.table, each.column) for each in before.deprecations}

    def changes(self) -> tuple[Change, ...]:
        """All changes, by table and column."""
        old, new = _tables(self._before), _tables(self._after)
        found = [
            change for dataset in sorted(old.keys() | new.keys()) for change in self._table(dataset, old, new)
        ]
        return tuple(found)

    def _table(self, dataset: str, old: Mapping[str, Table], new: Mapping[str, Table]) -> Iterator[Change]:
        if dataset not in new:
            became = _twin(old[dataset], [new[name] for name in new.keys() - old.keys()])
            yield self._judged(
                Change("table_dropped", dataset, old[dataset].name, old[dataset].path, became=became)
            )
        elif dataset not in old:
            yield Change("table_added", dataset, new[dataset].name, new[dataset].path)
        else:
            yield from self._columns(dataset, old[dataset], new[dataset])

    def _columns(self, dataset: str, old: Table, new: Table) -> Iterator[Change]:
        before = {column.name.casefold(): column for column in old.columns}
        after = {column.name.casefold(): column for column in new.columns}
        added = [column for name, column in after.items() if name not in before]
        place = (dataset, new.name, new.path)
        for name, column in before.items():
            if name in after:
                yield from (self._judged(each) for each in _compared(place, column, after[name]))
            else:
                unknown = isinstance(new, Transform) and new.proof == "deferred"
                kind: Kind = "column_unproven" if unknown else "column_dropped"
                became = None if unknown else _renamed(column, added)
                yield self._judged(Change(kind, *place, column.name, before=column.type, became=became))
        for column in added:
            yield Change("column_added", *place, column.name, after=column.type)
        kept = [name for name in after if name in before]
        if kept != [name for name in before if name in after]:
            yield Change("column_moved", *place, verdict="internal")

    def _judged(self, change: Change) -> Change:
        """The change with who reads what it is about, and what it means to them."""
        if change.column is None:
            readers = self._readers.of_table(change.dataset)
        else:
            readers = self._readers.of(change.dataset, change.column)
        return replace(change, verdict=self._verdict(change, readers), readers=readers)

    def _verdict(self, change: Change, readers: tuple[Reader, ...]) -> Verdict:
        if change.kind not in _BREAKING:
            return "addition"
        own = self._after.metadata.product_name
        if self._is_private(change.dataset) and all(reader.product == own for reader in readers):
            return "internal"
        announced = (change.table, None) in self._announced or (
            change.table,
            change.column,
        ) in self._announced
        if announced and not readers and change.kind in ("column_dropped", "table_dropped"):
            return "deprecated"
        return "breaking"

    def _is_private(self, dataset: str) -> bool:
        """Whether the released product kept the table to itself."""
        table = _tables(self._before)[dataset]
        exposed = self._before.metadata.exposes
        layer = table.layer if isinstance(table, Transform) else "bronze"
        private = isinstance(table, Transform) and table.access == "private"
        return private or (exposed is not None and layer not in exposed)


def _tables(artifacts: CompiledArtifacts) -> dict[str, Table]:
    """The tables readers find, by dataset."""
    return {
        f"{node.namespace}.{node.table}": node
        for node in artifacts.nodes
        if not (isinstance(node, Transform) and not node.stored)
    }


def _compared(place: tuple[str, str, str], old: ArtifactColumn, new: ArtifactColumn) -> Iterator[Change]:
    if old.type != new.type:
        kind: Kind = "column_widened" if holds(new.type, old.type) else "column_retyped"
        yield Change(kind, *place, old.name, before=old.type, after=new.type)
    if old.nullable != new.nullable:
        kind = "column_nullable" if new.nullable else "column_not_null"
        yield Change(kind, *place, old.name, before=old.type, after=new.type)


def _renamed(gone: ArtifactColumn, added: list[ArtifactColumn]) -> str | None:
    """The new column that the old one may be: with the same inputs, else with its type and a name alike."""
    for column in added:
        if gone.inputs and column.inputs == gone.inputs:
            return column.name
    alike = [
        (SequenceMatcher(None, gone.name.casefold(), column.name.casefold()).ratio(), column.name)
        for column in added
        if holds(column.type, gone.type)
    ]
    return max((each for each in alike if each[0] >= _ALIKE), default=(0.0, None))[1]


def _twin(gone: Table, added: list[Table]) -> str | None:
    """The new table with the very same columns."""
    columns = {(column.name.casefold(), column.type) for column in gone.columns}
    same = [table.name for table in added if {(c.name.casefold(), c.type) for c in table.columns} == columns]
    return min(same, default=None) if columns else None
