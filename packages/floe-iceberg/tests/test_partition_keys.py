"""Partition values computed in DuckDB, against those PyIceberg computes."""

from __future__ import annotations

import datetime
import random
import string
from decimal import Decimal
from typing import Any
from uuid import UUID

import duckdb
import pyarrow as pa
import pytest
from pyiceberg.partitioning import PartitionField, PartitionSpec
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
    DoubleType,
    IcebergType,
    IntegerType,
    LongType,
    NestedField,
    StringType,
    TimestampType,
    TimestamptzType,
    UUIDType,
)

from floe_iceberg.partition_key import is_partitionable, with_keys
from floe_iceberg.schema import duckdb_type

MANY = 10_000
DAY_US = 86_400_000_000
ALPHABET = string.printable + "éß€😀\u0000"
TRANSFORMS: list[Transform[Any, Any]] = [
    IdentityTransform(),
    YearTransform(),
    MonthTransform(),
    DayTransform(),
    HourTransform(),
    BucketTransform(16),
    BucketTransform(1000),
    TruncateTransform(7),
    TruncateTransform(1),
]
TYPES: list[IcebergType] = [
    BooleanType(),
    IntegerType(),
    LongType(),
    StringType(),
    DateType(),
    DecimalType(9, 2),
    DecimalType(38, 0),
    TimestampType(),
    TimestamptzType(),
    UUIDType(),
]


def values(kind: IcebergType) -> list[Any]:
    """What Iceberg holds inside for a lot of values: days, microseconds, numbers; edges and NULL too."""
    chance = random.Random(4)
    match kind:
        case BooleanType():
            return [True, False, None]
        case IntegerType():
            return [
                0,
                -1,
                1,
                2**31 - 1,
                -(2**31) + 8,
                *(chance.randint(-(2**30), 2**30) for _ in range(MANY)),
                None,
            ]
        case LongType():
            return [
                0,
                -1,
                2**63 - 1,
                -(2**63) + 8,
                *(chance.randint(-(2**62), 2**62) for _ in range(MANY)),
                None,
            ]
        case StringType():
            texts = ("".join(chance.choices(ALPHABET, k=chance.randint(0, 24))) for _ in range(MANY))
            return ["", "a", "ab", "abc", "abcd", "x" * 10_000, *texts, None]
        case DateType():
            return [0, -1, *(chance.randint(-300_000, 300_000) for _ in range(MANY)), None]
        case DecimalType(scale=scale):
            numbers = (chance.randint(-(10**9) + 7, 10**9 - 7) for _ in range(MANY))
            return [*(Decimal(number).scaleb(-scale) for number in (0, -1, 1, *numbers)), None]
        case UUIDType():
            return [*(UUID(int=chance.getrandbits(128)) for _ in range(MANY)), None]
    return [0, -1, *(chance.randint(-300_000 * DAY_US, 300_000 * DAY_US) for _ in range(MANY)), None]


def arrow(kind: IcebergType, inner: list[Any]) -> pa.Array:
    match kind:
        case DateType():
            return pa.array(inner, pa.int32()).cast(pa.date32())
        case TimestampType():
            return pa.array(inner, pa.int64()).cast(pa.timestamp("us"))
        case TimestamptzType():
            return pa.array(inner, pa.int64()).cast(pa.timestamp("us", "UTC"))
        case UUIDType():
            return pa.array([None if value is None else str(value) for value in inner])
    return pa.array(inner)


PAIRS = [(transform, kind) for transform in TRANSFORMS for kind in TYPES if is_partitionable(transform, kind)]


@pytest.mark.requirement("FR-091")
@pytest.mark.parametrize(("transform", "kind"), PAIRS, ids=lambda value: str(value))
def test_a_key_is_what_pyiceberg_says(transform: Transform[Any, Any], kind: IcebergType) -> None:
    inner = values(kind)
    schema = Schema(NestedField(1, "v", kind))
    spec = PartitionSpec(PartitionField(1, 1000, transform, "key"))
    given = pa.table({"n": list(range(len(inner))), "v": arrow(kind, inner)})
    with duckdb.connect() as con:
        con.execute("set timezone = 'Asia/Kolkata'")
        con.register("given", given)
        rows = f"select n, v::{duckdb_type(kind)} as c1 from given"
        query, (key,) = with_keys(rows, spec, schema, lambda field: f"c{field.field_id}")
        found = [value for (value,) in con.execute(f"select {key} from ({query}) order by n").fetchall()]
    expected = transform.transform(kind)
    wrong = [
        (value, got, expected(value))
        for value, got in zip(inner, found, strict=True)
        if got != expected(value)
    ]
    assert wrong == []


@pytest.mark.requirement("FR-091")
def test_what_has_no_sure_key_is_refused() -> None:
    assert not is_partitionable(IdentityTransform(), DoubleType())
    assert not is_partitionable(HourTransform(), DateType())
    assert not is_partitionable(YearTransform(), LongType())
    assert not is_partitionable(BucketTransform(4), DecimalType(9, 2))


@pytest.mark.requirement("FR-091")
def test_days_are_utc_s_whatever_the_session_s_zone() -> None:
    schema = Schema(NestedField(1, "v", TimestamptzType()))
    spec = PartitionSpec(PartitionField(1, 1000, DayTransform(), "key"))
    with duckdb.connect() as con:
        con.execute("set timezone = 'Asia/Kolkata'")
        query, (key,) = with_keys(
            "select timestamptz '2024-03-01 00:30:00+05:30' as c1", spec, schema, lambda _: "c1"
        )
        ((found,),) = con.execute(f"select {key} from ({query})").fetchall()
    assert datetime.date(1970, 1, 1) + datetime.timedelta(days=found) == datetime.date(2024, 2, 29)
