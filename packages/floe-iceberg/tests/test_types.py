"""Types and names: what DuckDB computes is what plain PyIceberg reads, and what floe reads back."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from uuid import UUID

import duckdb
import pytest
from pyiceberg.types import StructType

from floe_core.errors import SpecError
from floe_iceberg import duckdb_type, iceberg_type
from testing.lake import Lake

UTC = dt.UTC
NOON = dt.datetime(2024, 1, 1, 12)
VALUES: list[tuple[str, str, str, object]] = [
    ("true", "boolean", "BOOLEAN", True),
    ("1::tinyint", "int", "INTEGER", 1),
    ("-2::smallint", "int", "INTEGER", -2),
    ("3::integer", "int", "INTEGER", 3),
    ("4::utinyint", "int", "INTEGER", 4),
    ("65535::usmallint", "int", "INTEGER", 65535),
    ("4294967295::uinteger", "long", "BIGINT", 4294967295),
    ("(-9223372036854775808)::bigint", "long", "BIGINT", -(2**63)),
    ("18446744073709551615::ubigint", "decimal(20, 0)", "DECIMAL(20,0)", Decimal(2**64 - 1)),
    ("(2::hugeint ** 100)::hugeint", "decimal(38, 0)", "DECIMAL(38,0)", Decimal(2**100)),
    ("sum(7::integer)", "decimal(38, 0)", "DECIMAL(38,0)", Decimal(7)),
    ("7::uhugeint", "decimal(38, 0)", "DECIMAL(38,0)", Decimal(7)),
    ("1.5::float", "float", "FLOAT", 1.5),
    ("2.25::double", "double", "DOUBLE", 2.25),
    ("1.23::decimal(4,2)", "decimal(4, 2)", "DECIMAL(4,2)", Decimal("1.23")),
    ("123456789.125::decimal(18,3)", "decimal(18, 3)", "DECIMAL(18,3)", Decimal("123456789.125")),
    ("9.5::decimal(38,6)", "decimal(38, 6)", "DECIMAL(38,6)", Decimal("9.500000")),
    ("'it''s “ü” 🙂'", "string", "VARCHAR", "it's “ü” 🙂"),
    ("''", "string", "VARCHAR", ""),
    ("repeat('x', 5000)", "string", "VARCHAR", "x" * 5000),
    ("'b'::enum('a', 'b')", "string", "VARCHAR", "b"),
    ("""'{"a": [1]}'::json""", "string", "VARCHAR", '{"a": [1]}'),
    ("'\\x00\\xff'::blob", "binary", "BLOB", b"\x00\xff"),
    (
        "'00000000-0000-0000-0000-00000000002a'::uuid",
        "uuid",
        "UUID",
        UUID(int=42),
    ),
    ("date '2024-02-29'", "date", "DATE", dt.date(2024, 2, 29)),
    ("time '23:59:59.999999'", "time", "TIME", dt.time(23, 59, 59, 999999)),
    ("timestamp '2024-01-01 12:00:00.000001'", "timestamp", "TIMESTAMP", NOON.replace(microsecond=1)),
    ("timestamp_s '2024-01-01 12:00:00'", "timestamp", "TIMESTAMP", NOON),
    ("timestamp_ms '2024-01-01 12:00:00.5'", "timestamp", "TIMESTAMP", NOON.replace(microsecond=500000)),
    (
        "timestamptz '2024-01-01 12:00:00+02'",
        "timestamptz",
        "TIMESTAMP WITH TIME ZONE",
        dt.datetime(2024, 1, 1, 10, tzinfo=UTC),
    ),
    ("null", "int", "INTEGER", None),
    ("[1, null, 3]", "list<int>", "INTEGER[]", [1, None, 3]),
    ("[1.5, 2]::double[2]", "list<double>", "DOUBLE[]", [1.5, 2.0]),
    (
        "{'a b': 1, 'c': ['x']}",
        "struct<a b: optional int, c: optional list<string>>",
        'STRUCT("a b" INTEGER, "c" VARCHAR[])',
        {"a b": 1, "c": ["x"]},
    ),
    (
        "[{'k': 1::hugeint}]",
        "list<struct<k: optional decimal(38, 0)>>",
        'STRUCT("k" DECIMAL(38,0))[]',
        [{"k": Decimal(1)}],
    ),
]  # fmt: skip


@pytest.mark.requirement("FR-022", "TQR-002")
def test_every_type_arrives_at_plain_pyiceberg_as_it_was_computed(lake: Lake) -> None:
    lake.con.execute("set timezone = 'UTC'")
    select = ", ".join(f"{sql} as c{number}" for number, (sql, *_) in enumerate(VALUES))
    lake.publish("r1", "t", f"select {select}")

    table = lake.table("t")
    assert [_without_ids(str(f.field_type)) for f in table.schema().fields] == [v[1] for v in VALUES]
    assert [kind for _, kind in lake.manager.columns(lake.id("t"))] == [value[2] for value in VALUES]
    expected = tuple(value[3] for value in VALUES)
    assert lake.plain_rows("t") == [expected]
    (read,) = lake.rows("t")
    assert [_plain(value) for value in read] == [_plain(value) for value in expected]


@pytest.mark.requirement("FR-022", "TQR-002")
def test_a_map_arrives_at_plain_pyiceberg(lake: Lake) -> None:
    lake.publish("r1", "t", "select map {'a': [1.5::double], 'b': null} as m, {'inner': map {1: 'x'}} as s")
    assert lake.plain_rows("t") == [([("a", [1.5]), ("b", None)], {"inner": [(1, "x")]})]
    assert lake.rows("t") == [({"a": [1.5], "b": None}, {"inner": {1: "x"}})]
    assert lake.manager.columns(lake.id("t")) == [
        ("m", "MAP(VARCHAR, DOUBLE[])"),
        ("s", 'STRUCT("inner" MAP(INTEGER, VARCHAR))'),
    ]


def _without_ids(kind: str) -> str:
    """PyIceberg's spelling of a type without the ids of struct fields."""
    words = kind.replace("<", "< ").split(" ")
    return " ".join(word for word in words if not word.rstrip(":").isdigit()).replace("< ", "<")


def _plain(value: object) -> object:
    return value.astimezone(UTC) if isinstance(value, dt.datetime) and value.tzinfo else value


@pytest.mark.requirement("FR-022")
@pytest.mark.parametrize(
    ("sql", "kind", "cast"),
    [
        ("interval 1 day", "INTERVAL", 'epoch("bad")'),
        ("'101'::bit", "BIT", '"bad"::VARCHAR'),
        ("union_value(k := 1)", "UNION(k INTEGER)", '"bad"::VARCHAR'),
        ("timestamp_ns '2024-01-01'", "TIMESTAMP_NS", '"bad"::TIMESTAMP'),
        ("timetz '10:00+01'", "TIME WITH TIME ZONE", '"bad"::TIME'),
        ("{'deep': [interval 1 day]}", "STRUCT(deep INTERVAL[])", '"bad"::STRUCT("deep" VARCHAR[])'),
    ],
)
def test_a_type_iceberg_cannot_hold_is_refused_with_the_cast_to_use(
    lake: Lake, sql: str, kind: str, cast: str
) -> None:
    with pytest.raises(SpecError) as refused:
        lake.publish("r1", "t", f"select 1 as good, {sql} as bad")
    (problem,) = refused.value.problems
    assert problem.message == f"column 'bad' has the type '{kind}', which Iceberg tables cannot hold"
    assert problem.hint == f"cast it: {cast}"
    assert lake.manager.namespaces() == []


@pytest.mark.requirement("FR-022")
def test_a_struct_without_field_names_is_refused(lake: Lake) -> None:
    with pytest.raises(SpecError, match="column 'pair' is a struct without field names"):
        lake.publish("r1", "t", "select row(1, 2) as pair")


@pytest.mark.requirement("FR-022")
def test_a_type_is_converted_from_its_text_as_from_its_object() -> None:
    for text in (
        "HUGEINT",
        "DECIMAL(10,2)",
        "VARCHAR[]",
        "ENUM('a', 'b')",
        "TIMESTAMP WITH TIME ZONE",
        "JSON",
    ):
        assert iceberg_type(text) == iceberg_type(duckdb.sqltype(text))
    nested = iceberg_type('STRUCT("a b" INTEGER, m MAP(VARCHAR, BIGINT))')
    assert isinstance(nested, StructType)
    assert duckdb_type(nested) == 'STRUCT("a b" INTEGER, "m" MAP(VARCHAR, BIGINT))'


@pytest.mark.requirement("FR-022")
def test_a_value_too_large_for_its_column_fails_the_write_and_leaves_no_table(lake: Lake) -> None:
    with pytest.raises(duckdb.ConversionException, match="to DECIMAL"):
        lake.publish("r1", "t", "select 170141183460469231731687303715884105727::hugeint as big")
    assert lake.manager.table_ids() == []
    assert list(lake.home.rglob("*.parquet")) == []


NAMES = ["a b", 'say "hi"', "it's", "Ünï🙂", "select", "CamelCase", "a.b", "c1", "%s{}"]
NAMES += ["filename", "file_row_number", "file"]


@pytest.mark.requirement("FR-022")
def test_columns_may_be_called_anything(lake: Lake) -> None:
    quoted = [name.replace('"', '""') for name in NAMES]
    select = ", ".join(f'{number} as "{name}"' for number, name in enumerate(quoted))
    lake.publish("r1", "t", f"select {select}")
    lake.publish("r2", "t", f"select {select} union all select {select.replace('0', '50', 1)}", mode="append")
    merged = select.replace("1 as", "77 as", 1)
    lake.publish("r3", "t", f"select {merged}", mode="merge", unique_key=[NAMES[0]])
    assert [name for name, _ in lake.manager.columns(lake.id("t"))] == NAMES
    row = tuple(range(len(NAMES)))
    assert sorted(lake.plain_rows("t")) == [(0, 77, *row[2:]), (50, *row[1:])]
    assert sorted(lake.rows("t")) == [(0, 77, *row[2:]), (50, *row[1:])]


@pytest.mark.requirement("FR-022")
def test_two_columns_that_are_one_to_iceberg_are_refused(lake: Lake) -> None:
    with pytest.raises(SpecError, match="two columns have one name in Iceberg"):
        lake.publish("r1", "t", """select {'b': 1} as a, 2 as "a.b" """)


@pytest.mark.requirement("FR-093")
@pytest.mark.parametrize(
    "name",
    ["Mixed Case", "with/slash", pytest.param("..", marks=pytest.mark.disk), "é", "a.b", "hash#?%", "it's"],
)
def test_tables_may_be_called_anything(lake: Lake, name: str) -> None:
    lake.namespace = "customer-360_x"
    lake.publish("r1", name, "select 1 as id")
    lake.publish("r2", name, "select 2 as id", mode="append")
    assert lake.plain_rows(name) == [(1,), (2,)]
    assert lake.manager.table_names("customer-360_x") == [name]
    (table,) = lake.manager.tables()
    assert (table.namespace, table.name, table.rows) == ("customer-360_x", name, 2)
    warehouse = lake.warehouse / "customer-360_x"
    assert {path.parts[: len(warehouse.parts)] for path in lake.home.rglob("*.parquet")} == {warehouse.parts}


@pytest.mark.requirement("FR-022")
def test_a_query_may_end_in_a_comment_and_start_with_a_common_table(lake: Lake) -> None:
    lake.publish("r1", "t", "with x as (select 5 as id)\nselect * from x -- the end")
    assert lake.plain_rows("t") == [(5,)]
