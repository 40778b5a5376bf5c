"""The values of partitions, computed by DuckDB as Iceberg defines them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyiceberg.partitioning import PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import (
    BucketTransform,
    DayTransform,
    HourTransform,
    IdentityTransform,
    MonthTransform,
    Transform,
    TruncateTransform,
    YearTransform,
)
from pyiceberg.types import (
    BooleanType,
    DateType,
    DecimalType,
    IcebergType,
    IntegerType,
    LongType,
    NestedField,
    StringType,
    TimestampType,
    TimestamptzType,
    UUIDType,
)

from floe_iceberg import murmur
from floe_iceberg.schema import duckdb_type

_TIMES = (TimestampType, TimestamptzType)
_WHOLE = (IntegerType, LongType)
_TYPES: dict[type[Transform[Any, Any]], tuple[type[IcebergType], ...]] = {
    IdentityTransform: (BooleanType, *_WHOLE, StringType, DateType, DecimalType, *_TIMES),
    YearTransform: (DateType, *_TIMES),
    MonthTransform: (DateType, *_TIMES),
    DayTransform: (DateType, *_TIMES),
    HourTransform: _TIMES,
    BucketTransform: (*_WHOLE, StringType, DateType, *_TIMES, UUIDType),
    TruncateTransform: (*_WHOLE, StringType, DecimalType),
}
_HOUR_US = 3_600_000_000


def is_partitionable(transform: Transform[Any, Any], kind: IcebergType) -> bool:
    """Whether floe can compute the transform for values of the type."""
    return isinstance(kind, _TYPES.get(type(transform), ()))


def with_keys(
    query: str, spec: PartitionSpec, schema: Schema, alias: Callable[[NestedField], str]
) -> tuple[str, list[str]]:
    """The query with a column more for each partition field, and what these are called.

    Its own columns are called as ``alias`` says. The keys are what manifests hold: years, months, days and
    hours since 1970, microseconds, whole numbers, whatever the session's time zone.
    """
    names = []
    for number, field in enumerate(spec.fields):
        source = schema.find_field(field.source_id)
        prefix = f"__floe_key_{number}"
        for step, expression in _steps(field.transform, alias(source), source.field_type, prefix):
            query = f"SELECT *, {expression} AS {step} FROM ({query})"
        names.append(prefix)
    return query, names


def _steps(
    transform: Transform[Any, Any], column: str, kind: IcebergType, name: str
) -> list[tuple[str, str]]:
    """Columns to add one after the other; the last one is the key, called ``name``."""
    if not isinstance(transform, BucketTransform):
        return [(name, _expression(transform, column, kind))]
    if isinstance(kind, StringType):
        steps, hashed = murmur.of_bytes(f"hex(encode({column}))", name)
    elif isinstance(kind, UUIDType):
        steps, hashed = murmur.of_bytes(f"replace({column}::VARCHAR, '-', '')", name)
    else:
        steps, hashed = murmur.of_long(f"({_whole(column, kind)})::BIGINT", name)
    return [*steps, (name, f"(({hashed} & 2147483647) % {transform.num_buckets})::INTEGER")]


def _expression(transform: Transform[Any, Any], column: str, kind: IcebergType) -> str:
    match transform:
        case IdentityTransform():
            return _whole(column, kind)
        case YearTransform():
            return f"(year({_utc(column, kind)}) - 1970)::INTEGER"
        case MonthTransform():
            moment = _utc(column, kind)
            return f"((year({moment}) - 1970) * 12 + month({moment}) - 1)::INTEGER"
        case DayTransform():
            return _whole(f"CAST({_utc(column, kind)} AS DATE)", DateType())
        case HourTransform():
            return f"CAST({_floored(f'epoch_us({column})', _HOUR_US)} // {_HOUR_US} AS INTEGER)"
        case TruncateTransform(width=width) if isinstance(kind, StringType):
            return f"left({column}, {width})"
        case TruncateTransform(width=width) if isinstance(kind, DecimalType):
            unit = f"CAST({width} AS DECIMAL(38,0)) / 1{'0' * kind.scale}" if kind.scale else str(width)
            step = f"CAST({unit} AS {duckdb_type(kind)})"
            return f"CAST({_floored(column, step)} AS {duckdb_type(kind)})"
        case TruncateTransform(width=width):
            return f"CAST({_floored(f'{column}::HUGEINT', width)} AS {duckdb_type(kind)})"
    raise AssertionError(transform)  # is_partitionable has refused it


def _floored(value: str, step: object) -> str:
    """The largest multiple of the step that is not above the value: % takes the value's sign."""
    return f"({value} - ((({value}) % {step}) + {step}) % {step})"


def _whole(column: str, kind: IcebergType) -> str:
    if isinstance(kind, DateType):
        return f"({column} - DATE '1970-01-01')::INTEGER"
    return f"epoch_us({column})" if isinstance(kind, _TIMES) else column


def _utc(column: str, kind: IcebergType) -> str:
    """A time or a day that does not change with the session's zone."""
    return f"make_timestamp(epoch_us({column}))" if isinstance(kind, TimestamptzType) else column
