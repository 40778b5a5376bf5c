"""Changing a table's columns by name, without a query: no file is rewritten, no row changes.

Only whole columns: the parts of a nested one are found by name in its files, so they change by a write.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pyiceberg.schema import Schema
from pyiceberg.types import NestedField

from floe_core.errors import Problem, SpecError
from floe_iceberg.evolve import Columns, numbered, promotes, unambiguous
from floe_iceberg.layout import column
from floe_iceberg.schema import iceberg_type


@dataclass(frozen=True)
class Alteration:
    """What is to become of a table's columns, in the order of these fields; types are DuckDB's.

    Names are the table's own as they are now, in ``order`` as they are afterwards: it puts columns first.
    """

    drop: Sequence[str] = ()
    widen: Mapping[str, str] = field(default_factory=dict)
    rename: Mapping[str, str] = field(default_factory=dict)
    add: Mapping[str, str] = field(default_factory=dict)
    order: Sequence[str] = ()

    def applied(self, schema: Schema, next_id: Callable[[], int]) -> Schema:
        """The schema as it is then; every column that stays keeps its id.

        Raises SpecError for a column that is not there, a type that holds less, a name given twice.
        """
        dropped = {column(name, schema, name).field_id for name in self.drop}
        wider = {column(name, schema, name).field_id: kind for name, kind in self.widen.items()}
        names = {column(old, schema, old).field_id: new for old, new in self.rename.items()}
        kept = [
            _renamed(_widened(old, wider.get(old.field_id)), names.get(old.field_id))
            for old in schema.fields
            if old.field_id not in dropped
        ]
        new = [(name, iceberg_type(kind, column=name)) for name, kind in self.add.items()]
        fields = [*kept, *_added(new, next_id)]
        if not fields:
            raise SpecError(
                Problem(
                    "FLOE-E454", "a table needs a column", hint="keep one, or add another with the change"
                )
            )
        return _ordered(unambiguous(fields), self.order)


def _widened(old: NestedField, kind: str | None) -> NestedField:
    if kind is None:
        return old
    wanted = iceberg_type(kind, column=old.name)
    if not promotes(old.field_type, wanted) and old.field_type != wanted:
        raise SpecError(
            Problem(
                "FLOE-E453",
                f"column '{old.name}' cannot be widened from '{old.field_type}' to '{wanted}'",
                hint="int to bigint, float to double, a decimal to more digits of the same scale; "
                "anything else rewrites the table",
            )
        )
    return old.model_copy(update={"field_type": wanted})


def _renamed(old: NestedField, name: str | None) -> NestedField:
    return old.model_copy(update={"name": name}) if name else old


def _added(columns: Columns, next_id: Callable[[], int]) -> list[NestedField]:
    ids = [next_id() for _ in columns]  # top-level ids before nested ones, as Iceberg numbers a new table
    return [
        NestedField(field_id, name, numbered(None, kind, next_id), required=False)
        for field_id, (name, kind) in zip(ids, columns, strict=True)
    ]


def _ordered(schema: Schema, order: Sequence[str]) -> Schema:
    first = [column(name, schema, name) for name in order]
    return unambiguous([*first, *(field for field in schema.fields if field not in first)])
