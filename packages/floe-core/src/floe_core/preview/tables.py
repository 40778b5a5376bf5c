"""What becomes of a table's columns and partitions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from floe_core.lake import PublishedTable
from floe_core.schemas.artifacts import Seed, Transform


@dataclass(frozen=True)
class ColumnChange:
    """One column that will be another; ``before`` and ``after`` are types."""

    kind: Literal["added", "dropped", "retyped"]
    name: str
    before: str | None = None
    after: str | None = None


def column_changes(node: Seed | Transform, table: PublishedTable) -> Iterator[ColumnChange]:
    """From the table as it is to the columns that were proven; nothing where these show in the run."""
    if isinstance(node, Transform) and node.proof == "deferred":
        return
    before = {name.casefold(): (name, type_) for name, type_ in table.columns}
    after = {column.name.casefold(): column for column in node.columns}
    for key, column in after.items():
        if key not in before:
            yield ColumnChange("added", column.name, after=column.type)
        elif before[key][1] != column.type:
            yield ColumnChange("retyped", column.name, before[key][1], column.type)
    for key, (name, type_) in before.items():
        if key not in after:
            yield ColumnChange("dropped", name, before=type_)


def partition_change(
    node: Seed | Transform, table: PublishedTable
) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """The table's partitions and those its model asks for, where they differ; a model may ask for none."""
    asked = node.partition_by if isinstance(node, Transform) else None
    if asked is None or _plain(asked) == _plain(table.partition_by):
        return None
    return table.partition_by, asked


def _plain(terms: tuple[str, ...]) -> list[str]:
    return ["".join(term.split()).casefold() for term in terms]
