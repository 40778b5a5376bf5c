"""The schema a write gives its table: which columns keep their field ids and which get new ones.

Every column is optional: DuckDB writes no other, and NOT NULL is a test's business.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Literal

from pyiceberg.schema import Schema
from pyiceberg.types import (
    DecimalType,
    DoubleType,
    FloatType,
    IcebergType,
    IntegerType,
    ListType,
    LongType,
    MapType,
    NestedField,
    StructType,
)

from floe_core.errors import Problem, SpecError, WorkError

OnSchemaChange = Literal["ignore", "fail", "append_new_columns", "sync_all_columns"]
Columns = Sequence[tuple[str, IcebergType]]
NextId = Callable[[], int]


@dataclass(frozen=True)
class Evolution:
    """``schema`` after the write; ``rewrite`` when rows already there don't fit it as they lie."""

    schema: Schema
    rewrite: bool = False


def fresh(columns: Columns, docs: Mapping[str, str] | None) -> Schema:
    """The schema of a table that isn't there yet, numbered as Iceberg numbers new tables."""
    numbers = count(1)
    return replaced(Schema(), columns, docs, lambda: next(numbers))


def replaced(base: Schema, columns: Columns, docs: Mapping[str, str] | None, next_id: NextId) -> Schema:
    """The schema of a table whose rows are all replaced: exactly the query's columns.

    A column keeps its id while its name stays and its type stays or is promoted.
    """
    old = {field.name.lower(): field for field in base.fields}
    return _schema([(name, kind, old.get(name.lower())) for name, kind in columns], docs, next_id)


def extended(
    base: Schema,
    columns: Columns,
    docs: Mapping[str, str] | None,
    next_id: NextId,
    on_schema_change: OnSchemaChange,
    *,
    by_name: bool,
) -> Evolution:
    """The schema of a table that keeps rows, changed as dbt's ``on_schema_change`` says.

    Rows that are taken ``by_name`` may lack columns also where changes are ignored, as in DuckDB's MERGE.
    """
    difference = _compare(base, columns)
    if on_schema_change == "fail" and difference.any:
        raise _changed(difference)
    if on_schema_change == "ignore" and difference.dropped and not by_name:
        raise _missing(difference.dropped)
    kept = [(field.name, field.field_type, field) for field in base.fields]
    if on_schema_change == "sync_all_columns":
        new = {name.lower(): kind for name, kind in columns}
        kept = [(name, new[name.lower()], field) for name, _, field in kept if name.lower() in new]
    added = difference.added if on_schema_change in ("append_new_columns", "sync_all_columns") else []
    wanted = [*kept, *((name, kind, None) for name, kind in added)]
    schema = _schema(wanted, docs, next_id)
    return Evolution(schema, rewrite=any(not _readable_as(kind, old) for _, kind, old in wanted))


def _schema(
    wanted: Sequence[tuple[str, IcebergType, NestedField | None]],
    docs: Mapping[str, str] | None,
    next_id: NextId,
) -> Schema:
    # top-level ids before nested ones, as Iceberg numbers a new table
    keeps = [old is not None and _keeps_id(old.field_type, kind) for _, kind, old in wanted]
    ids = [
        old.field_id if old and keep else next_id() for (_, _, old), keep in zip(wanted, keeps, strict=True)
    ]
    fields = [
        NestedField(
            field_id=field_id,
            name=name,
            field_type=numbered(old.field_type if old and keep else None, kind, next_id),
            required=False,
            doc=(old.doc if old else None) if docs is None else docs.get(name),
        )
        for field_id, keep, (name, kind, old) in zip(ids, keeps, wanted, strict=True)
    ]
    return unambiguous(fields)


def unambiguous(fields: Sequence[NestedField]) -> Schema:
    """A schema of the fields; SpecError when two of them have one name, or have for DuckDB."""
    try:
        schema = Schema(*fields)
    except ValueError as error:
        raise _one_name(str(error)) from error
    names = Counter(field.name.lower() for field in fields)
    twice = next((name for name, times in names.items() if times > 1), None)
    if twice is not None:
        raise _one_name(f"'{twice}'")
    return schema


def _one_name(told: str) -> SpecError:
    return SpecError(
        Problem("FLOE-E422", f"two columns have one name in Iceberg: {told}", hint="rename one of them")
    )


def _keeps_id(old: IcebergType, new: IcebergType) -> bool:
    match old, new:
        case StructType(), StructType():
            return True  # its fields come and go under ids of their own
        case ListType(), ListType():
            return _keeps_id(old.element_type, new.element_type)
        case MapType(), MapType():
            same_key = _same(old.key_type, new.key_type)
            return same_key and _keeps_id(old.value_type, new.value_type)
    return _same(old, new) or promotes(old, new)


def promotes(old: IcebergType, new: IcebergType) -> bool:
    """Whether every file that holds the old type can be read as the new one."""
    match old, new:
        case (IntegerType(), LongType()) | (FloatType(), DoubleType()):
            return True
        case DecimalType(), DecimalType():
            return old.scale == new.scale and old.precision < new.precision
    return False


def _same(old: IcebergType, new: IcebergType) -> bool:
    """Whether two types are one, field ids and docs aside."""
    match old, new:
        case StructType(), StructType():
            return [field.name for field in old.fields] == [field.name for field in new.fields] and all(
                _same(a.field_type, b.field_type) for a, b in zip(old.fields, new.fields, strict=True)
            )
        case ListType(), ListType():
            return _same(old.element_type, new.element_type)
        case MapType(), MapType():
            return _same(old.key_type, new.key_type) and _same(old.value_type, new.value_type)
    return old == new


def _readable_as(kind: IcebergType, old: NestedField | None) -> bool:
    """Whether files that hold ``old`` can be read as ``kind``.

    Nested fields are found by name in a file, not by id, so a nested type has to stay as it is.
    """
    return old is None or _same(old.field_type, kind) or promotes(old.field_type, kind)


def numbered(old: IcebergType | None, new: IcebergType, next_id: NextId) -> IcebergType:
    """``new`` with field ids: those of ``old`` where they may stay."""
    match new:
        case StructType():
            fields = {f.name: f for f in old.fields} if isinstance(old, StructType) else {}
            pairs = [(field.name, field.field_type, fields.get(field.name)) for field in new.fields]
            return StructType(*_schema(pairs, None, next_id).fields)
        case ListType():
            base = old if isinstance(old, ListType) else None
            element_id = base.element_id if base else next_id()
            element = numbered(base and base.element_type, new.element_type, next_id)
            return ListType(element_id=element_id, element_type=element, element_required=False)
        case MapType():
            pair = old if isinstance(old, MapType) else None
            key_id, value_id = (pair.key_id, pair.value_id) if pair else (next_id(), next_id())
            return MapType(
                key_id=key_id,
                key_type=numbered(pair and pair.key_type, new.key_type, next_id),
                value_id=value_id,
                value_type=numbered(pair and pair.value_type, new.value_type, next_id),
                value_required=False,
            )
    return new


@dataclass(frozen=True)
class _Difference:
    added: list[tuple[str, IcebergType]]
    dropped: list[str]
    retyped: list[str]

    @property
    def any(self) -> bool:
        return bool(self.added or self.dropped or self.retyped)


def _compare(base: Schema, columns: Columns) -> _Difference:
    old = {field.name.lower(): field for field in base.fields}
    new = {name.lower(): kind for name, kind in columns}
    return _Difference(
        added=[(name, kind) for name, kind in columns if name.lower() not in old],
        dropped=[field.name for field in base.fields if field.name.lower() not in new],
        retyped=[
            field.name
            for field in base.fields
            if field.name.lower() in new and not _same(field.field_type, new[field.name.lower()])
        ],
    )


def _changed(difference: _Difference) -> WorkError:
    parts = {
        "added": [name for name, _ in difference.added],
        "dropped": difference.dropped,
        "retyped": difference.retyped,
    }
    told = "; ".join(f"{what} {_names(names)}" for what, names in parts.items() if names)
    return WorkError(
        Problem(
            "FLOE-E520",
            f"the query's columns are no longer the table's: {told}",
            hint="run with --full-refresh, or let on_schema_change be 'sync_all_columns'",
        )
    )


def _missing(dropped: list[str]) -> WorkError:
    return WorkError(
        Problem(
            "FLOE-E521",
            f"the table has columns the query no longer returns: {_names(dropped)}",
            hint="return them, run with --full-refresh, or let on_schema_change be 'sync_all_columns'",
        )
    )


def _names(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
