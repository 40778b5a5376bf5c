"""What each type of DuckDB is once it went through the lake."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from uuid import UUID

import pytest

from testing.dbt_project import DbtProject

COLUMNS = {
    "boolean": ("true", "boolean", True),
    "tinyint": ("1::tinyint", "int", 1),
    "usmallint": ("2::usmallint", "int", 2),
    "integer": ("3", "int", 3),
    "uinteger": ("4::uinteger", "long", 4),
    "bigint": ("5::bigint", "long", 5),
    "ubigint": ("6::ubigint", "decimal(20, 0)", Decimal(6)),
    "hugeint": ("7::hugeint", "decimal(38, 0)", Decimal(7)),
    "sum_of_integers": ("sum(3)", "decimal(38, 0)", Decimal(3)),
    "float": ("1.5::float", "float", 1.5),
    "double": ("2.5::double", "double", 2.5),
    "decimal": ("1.50", "decimal(3, 2)", Decimal("1.50")),
    "varchar": ("'é'", "string", "é"),
    "enum": ("'a'::enum('a', 'b')", "string", "a"),
    "blob": (r"'\xAA'::blob", "binary", b"\xaa"),
    "uuid": ("'00000000-0000-0000-0000-000000000001'::uuid", "uuid", UUID(int=1)),
    "date": ("date '2024-02-29'", "date", dt.date(2024, 2, 29)),
    "time": ("time '01:02:03.5'", "time", dt.time(1, 2, 3, 500000)),
    "timestamp": ("timestamp '2024-01-01 01:02:03'", "timestamp", dt.datetime(2024, 1, 1, 1, 2, 3)),
    "timestamptz": (
        "timestamptz '2024-01-01 01:00:00+01'",
        "timestamptz",
        dt.datetime(2024, 1, 1, tzinfo=dt.UTC),
    ),
    "list": ("[1, null]", "list<int>", [1, None]),
    "struct": ("{'a': 1, 'b c': 'x'}", "struct<", {"a": 1, "b c": "x"}),
    "map": ("map {'k': 1.5::double}", "map<string, double>", [("k", 1.5)]),
    "null": ("null", "int", None),
}


@pytest.mark.requirement("FR-022", "TQR-002")
def test_every_type_is_stored_as_the_table_in_the_readme_says(project: DbtProject) -> None:
    selected = ", ".join(f'{sql} as "{name}"' for name, (sql, _, _) in COLUMNS.items())
    project.models(typed=f"select {selected}", again="select * from {{ ref('typed') }}")

    assert project.build().errors == {}

    for table in ("typed", "again"):
        types = project.types(table)
        assert {n: t for n, t in types.items() if n != "struct"} == {
            name: iceberg for name, (_, iceberg, _) in COLUMNS.items() if name != "struct"
        }
        [row] = project.rows(table)
        assert dict(zip(types, row, strict=True)) == {name: value for name, (_, _, value) in COLUMNS.items()}


@pytest.mark.requirement("FR-022")
def test_a_sum_of_integers_can_be_computed_with_downstream(project: DbtProject) -> None:
    project.models(
        total="select sum(v) as total from (values (40), (2)) t(v)",
        used="select total / 4 as quarter, total::integer % 5 as rest, total > 41 as more"
        " from {{ ref('total') }}",
    )

    assert project.build().errors == {}
    assert project.rows("used") == [(10.5, 2, True)]


@pytest.mark.requirement("FR-022", "FR-066")
def test_a_type_iceberg_has_not_fails_with_the_column_and_the_cast_to_write(project: DbtProject) -> None:
    project.models(bad="select 1 as id, interval 3 day as pause")

    built = project.build()

    assert "column 'pause' has the type 'INTERVAL'" in str(built.errors["bad"])
    assert 'cast it: epoch("pause")' in str(built.errors["bad"])
