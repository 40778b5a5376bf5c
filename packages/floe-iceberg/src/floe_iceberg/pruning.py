"""Which files may hold given keys, told by the bounds in manifests, so that the others stay unread."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import duckdb
from pyiceberg.conversions import from_bytes
from pyiceberg.expressions import (
    AlwaysFalse,
    And,
    BooleanExpression,
    GreaterThanOrEqual,
    LessThanOrEqual,
    Reference,
)
from pyiceberg.manifest import DataFile
from pyiceberg.schema import Schema
from pyiceberg.table import FileScanTask
from pyiceberg.types import (
    DateType,
    DecimalType,
    IcebergType,
    IntegerType,
    LongType,
    NestedField,
    PrimitiveType,
    StringType,
    TimestampType,
)

from floe_iceberg import scan
from floe_iceberg._pyiceberg import might_match
from floe_iceberg.sql import literal

Key = tuple[NestedField, NestedField]  # as the source has it, and as the files have

# types whose bounds PyIceberg compares as DuckDB orders their values, and what DuckDB returns for them
_ORDERED: dict[type[IcebergType], type] = {
    IntegerType: int,
    LongType: int,
    DecimalType: Decimal,
    StringType: str,
    DateType: datetime.date,
    TimestampType: datetime.datetime,
}
# how a key is compared with a bound as it stands in a manifest
_AS_BOUND: dict[type[IcebergType], str] = {
    IntegerType: "{}",
    LongType: "{}",
    StringType: "{}",
    DateType: "({} - DATE '1970-01-01')",
    TimestampType: "epoch_us({})",
}
_FEW = 32  # ranges
# DuckDB returns these for infinity, which lies beyond them
_ENDS = (datetime.date.min, datetime.date.max, datetime.datetime.min, datetime.datetime.max)


def candidates(
    con: duckdb.DuckDBPyConnection,
    source: str,
    keys: Sequence[Key],
    base: Schema,
    files: Sequence[FileScanTask],
) -> list[FileScanTask]:
    """The files that may hold a key of the source, a table with columns called by field id."""
    condition = _bounds(con, source, keys)
    if condition is None:
        return list(files)
    possible = might_match(base, condition, [task.file for task in files])
    found = [task for task, yes in zip(files, possible, strict=True) if yes]
    for key in keys:
        if len(found) > 1:
            found = _around(con, source, key, found)
    return found


def _around(
    con: duckdb.DuckDBPyConnection, source: str, key: Key, files: Sequence[FileScanTask]
) -> list[FileScanTask]:
    """The files within whose bounds some key of the source lies; all where the bounds do not tell.

    The range of all keys would not do: one new key at its end would have every file read.
    """
    new, old = key
    value = _AS_BOUND.get(type(new.field_type))
    if value is None or _range(con, source, key) is None:
        return list(files)
    bounds = [_bounds_of(task.file, old) for task in files]
    if None in bounds:
        return list(files)
    ends = [(_literal(low), _literal(high)) for low, high in filter(None, bounds)]
    held = _held_by_few if len(files) <= _FEW else _held_by_many
    return [files[place] for place in held(con, source, value.format(f"s.{scan.alias(new)}"), ends)]


def _held_by_few(
    con: duckdb.DuckDBPyConnection, source: str, key: str, ends: Sequence[tuple[str, str]]
) -> list[int]:
    """The places of the ranges that some key lies in."""
    tests = ", ".join(f"bool_or({key} BETWEEN {low} AND {high})" for low, high in ends)
    [found] = con.execute(f"SELECT {tests} FROM {source} s").fetchall()
    return [place for place, held in enumerate(found) if held]


def _held_by_many(
    con: duckdb.DuckDBPyConnection, source: str, key: str, ends: Sequence[tuple[str, str]]
) -> list[int]:
    """The same without comparing each key with each range: by the least key that is not below a range."""
    ranges = ", ".join(f"({place}, {low}, {high})" for place, (low, high) in enumerate(ends))
    found = con.execute(
        f"SELECT place FROM (VALUES {ranges}) r(place, low, high) "
        f"ASOF JOIN (SELECT {key} AS key FROM {source} s) ON low <= key WHERE key <= high ORDER BY place"
    ).fetchall()
    return [place for (place,) in found]


def _literal(bound: object) -> str:
    return literal(bound) if isinstance(bound, str) else str(bound)


def _bounds_of(file: DataFile, field: NestedField) -> tuple[object, object] | None:
    low, high = ((found or {}).get(field.field_id) for found in (file.lower_bounds, file.upper_bounds))
    kind = field.field_type
    if low is None or high is None or not isinstance(kind, PrimitiveType):
        return None
    return from_bytes(kind, low), from_bytes(kind, high)


def _bounds(con: duckdb.DuckDBPyConnection, source: str, keys: Sequence[Key]) -> BooleanExpression | None:
    """The range of the source's keys as a condition; None when no key's type can be compared."""
    conditions: list[BooleanExpression] = []
    for new, old in keys:
        if not _has_values(con, source, new):
            return AlwaysFalse()
        ends = _range(con, source, (new, old))
        if ends:
            conditions += [
                GreaterThanOrEqual(term=Reference(old.name), value=ends[0]),
                LessThanOrEqual(term=Reference(old.name), value=ends[1]),
            ]
    if not conditions:
        return None
    return conditions[0] if len(conditions) == 1 else And(*conditions)


def _has_values(con: duckdb.DuckDBPyConnection, source: str, key: NestedField) -> bool:
    found = con.execute(f"FROM {source} SELECT 1 WHERE {scan.alias(key)} IS NOT NULL LIMIT 1")
    return found.fetchone() is not None


def _range(con: duckdb.DuckDBPyConnection, source: str, key: Key) -> tuple[Any, Any] | None:
    """The least and the greatest value of the key; None when they are not to be compared with bounds."""
    new, old = key
    if old.field_type != new.field_type:
        return None
    column = scan.alias(new)
    low, high = con.execute(f"SELECT min({column}), max({column}) FROM {source}").fetchall()[0]
    return (low, high) if _is_bound(new, low) and _is_bound(new, high) else None


def _is_bound(key: NestedField, value: object) -> bool:
    return type(value) is _ORDERED.get(type(key.field_type)) and value not in _ENDS
