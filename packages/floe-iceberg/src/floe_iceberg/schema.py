"""Types, both ways between DuckDB and Iceberg.

DuckDB says the types of a query without field ids; such types carry ``UNASSIGNED`` until ``evolve``
gives them theirs.
"""

from __future__ import annotations

from collections.abc import Callable

import duckdb
from duckdb.sqltypes import DuckDBPyType
from pyiceberg.types import (
    BinaryType,
    BooleanType,
    DateType,
    DecimalType,
    DoubleType,
    FixedType,
    FloatType,
    IcebergType,
    IntegerType,
    ListType,
    LongType,
    MapType,
    NestedField,
    StringType,
    StructType,
    TimestampType,
    TimestamptzType,
    TimeType,
    UUIDType,
)

from floe_core.errors import Problem, SpecError
from floe_iceberg.sql import identifier

UNASSIGNED = 0

_TO_ICEBERG: dict[str, IcebergType] = {
    "boolean": BooleanType(),
    "tinyint": IntegerType(),
    "smallint": IntegerType(),
    "integer": IntegerType(),
    "utinyint": IntegerType(),
    "usmallint": IntegerType(),
    "uinteger": LongType(),
    "bigint": LongType(),
    "ubigint": DecimalType(20, 0),
    "hugeint": DecimalType(38, 0),
    "uhugeint": DecimalType(38, 0),
    "float": FloatType(),
    "double": DoubleType(),
    "varchar": StringType(),
    "enum": StringType(),
    "blob": BinaryType(),
    "uuid": UUIDType(),
    "date": DateType(),
    "time": TimeType(),
    "timestamp": TimestampType(),
    "timestamp_s": TimestampType(),
    "timestamp_ms": TimestampType(),
    "timestamp with time zone": TimestamptzType(),
    '"null"': IntegerType(),  # what a table made of it would have
    "sqlnull": IntegerType(),
}

_FROM_ICEBERG: dict[type[IcebergType], str] = {
    BooleanType: "BOOLEAN",
    IntegerType: "INTEGER",
    LongType: "BIGINT",
    FloatType: "FLOAT",
    DoubleType: "DOUBLE",
    StringType: "VARCHAR",
    BinaryType: "BLOB",
    FixedType: "BLOB",
    UUIDType: "UUID",
    DateType: "DATE",
    TimeType: "TIME",
    TimestampType: "TIMESTAMP",
    TimestamptzType: "TIMESTAMP WITH TIME ZONE",
}

_NEAREST = {"time with time zone": "TIME", "time_ns": "TIME", "timestamp_ns": "TIMESTAMP"}


class _NoEqual(Exception):
    """Iceberg has no such type."""


def iceberg_type(duckdb_type: str | DuckDBPyType, *, column: str = "") -> IcebergType:
    """The Iceberg type that holds every value of a DuckDB type, its field ids unassigned.

    Raises SpecError for the types Iceberg has no equal for; ``column`` is for that message.
    """
    kind = duckdb.sqltype(duckdb_type) if isinstance(duckdb_type, str) else duckdb_type
    try:
        return _convert(kind, column)
    except _NoEqual:
        raise _refusal(kind, column) from None


def duckdb_type(iceberg: IcebergType) -> str:
    """How DuckDB writes an Iceberg type."""
    match iceberg:
        case DecimalType(precision=precision, scale=scale):
            return f"DECIMAL({precision},{scale})"
        case ListType(element_type=element):
            return f"{duckdb_type(element)}[]"
        case MapType(key_type=key, value_type=value):
            return f"MAP({duckdb_type(key)}, {duckdb_type(value)})"
        case StructType(fields=fields):
            members = (f"{identifier(field.name)} {duckdb_type(field.field_type)}" for field in fields)
            return f"STRUCT({', '.join(members)})"
    try:
        return _FROM_ICEBERG[type(iceberg)]
    except KeyError:
        raise SpecError(
            Problem("FLOE-E420", f"the Iceberg type '{iceberg}' cannot be read with DuckDB")
        ) from None


def _convert(kind: DuckDBPyType, column: str) -> IcebergType:
    nested = _NESTED.get(kind.id)
    if nested:
        return nested(kind, column)
    try:
        return _TO_ICEBERG[kind.id]
    except KeyError:
        raise _NoEqual from None


def _decimal(kind: DuckDBPyType, column: str) -> IcebergType:
    precision, scale = (int(str(value)) for _, value in kind.children)
    return DecimalType(precision, scale)


def _list(kind: DuckDBPyType, column: str) -> IcebergType:
    element = _convert(_members(kind)[0][1], column)
    return ListType(element_id=UNASSIGNED, element_type=element, element_required=False)


def _map(kind: DuckDBPyType, column: str) -> IcebergType:
    (_, key), (_, value) = _members(kind)
    return MapType(
        key_id=UNASSIGNED,
        key_type=_convert(key, column),
        value_id=UNASSIGNED,
        value_type=_convert(value, column),
        value_required=False,
    )


def _struct(kind: DuckDBPyType, column: str) -> IcebergType:
    if not all(name for name, _ in _members(kind)):
        raise SpecError(
            Problem(
                "FLOE-E421",
                f"column '{column}' is a struct without field names ('{kind}')",
                hint=f"name its fields: struct_pack(a := …, b := …) as {identifier(column)}",
            )
        )
    return StructType(
        *(
            NestedField(UNASSIGNED, name, _convert(child, column), required=False)
            for name, child in _members(kind)
        )
    )


def _members(kind: DuckDBPyType) -> list[tuple[str, DuckDBPyType]]:
    return [(name, child) for name, child in kind.children if isinstance(child, DuckDBPyType)]


_NESTED: dict[str, Callable[[DuckDBPyType, str], IcebergType]] = {
    "decimal": _decimal,
    "list": _list,
    "array": _list,
    "map": _map,
    "struct": _struct,
}


def _refusal(kind: DuckDBPyType, column: str) -> SpecError:
    name = identifier(column)
    cast = f"epoch({name})" if kind.id == "interval" else f"{name}::{_nearest(kind)}"
    return SpecError(
        Problem(
            "FLOE-E420",
            f"column '{column}' has the type '{kind}', which Iceberg tables cannot hold",
            hint=f"cast it: {cast}",
        )
    )


def _nearest(kind: DuckDBPyType) -> str:
    """The type to cast to, so that Iceberg has an equal for it."""
    if kind.id in ("list", "array"):
        return f"{_nearest(_members(kind)[0][1])}[]"
    if kind.id in ("map", "struct"):
        named = kind.id == "struct"
        members = (f"{identifier(name)} " * named + _nearest(child) for name, child in _members(kind))
        return f"{kind.id.upper()}({', '.join(members)})"
    stored = kind.id in _TO_ICEBERG or kind.id == "decimal"
    return str(kind) if stored else _NEAREST.get(kind.id, "VARCHAR")
