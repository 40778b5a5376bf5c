"""What each type of DuckDB is once it went through the lake: row by row of the table in the README."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from testing.dbt_project import DbtProject
from testing.other_readers import duckdb_types, with_duckdb, with_pyiceberg

_README = Path(__file__).parents[1] / "README.md"
MOMENT = dt.datetime(2024, 1, 1, 1, 2, 3)
VALUES: dict[str, tuple[str, Any]] = {
    "BOOLEAN": ("true", True),
    "TINYINT": ("(-128)::tinyint", -128),
    "SMALLINT": ("(-32768)::smallint", -32768),
    "UTINYINT": ("255::utinyint", 255),
    "USMALLINT": ("65535::usmallint", 65535),
    "INTEGER": ("(-2147483648)::integer", -2147483648),
    "UINTEGER": ("4294967295::uinteger", 4294967295),
    "BIGINT": ("(-9223372036854775808)::bigint", -9223372036854775808),
    "UBIGINT": ("18446744073709551615::ubigint", Decimal("18446744073709551615")),
    "HUGEINT": (f"(-{'9' * 38})::hugeint", Decimal(f"-{'9' * 38}")),
    "UHUGEINT": (f"{'9' * 38}::uhugeint", Decimal("9" * 38)),
    "FLOAT": ("1.5::float", 1.5),
    "DOUBLE": ("2.5::double", 2.5),
    "DECIMAL(9,2)": ("-1234567.89::decimal(9, 2)", Decimal("-1234567.89")),
    "VARCHAR": ("'é'", "é"),
    "ENUM": ("'a'::enum('a', 'b')", "a"),
    "JSON": ("""'{"k": [1]}'::json""", '{"k": [1]}'),
    "BLOB": (r"'\xAA'::blob", b"\xaa"),
    "UUID": ("'00000000-0000-0000-0000-000000000001'::uuid", UUID(int=1)),
    "DATE": ("date '2024-02-29'", dt.date(2024, 2, 29)),
    "TIME": ("time '01:02:03.5'", dt.time(1, 2, 3, 500000)),
    "TIMESTAMP": ("timestamp '2024-01-01 01:02:03.000001'", MOMENT.replace(microsecond=1)),
    "TIMESTAMP_S": ("timestamp_s '2024-01-01 01:02:03'", MOMENT),
    "TIMESTAMP_MS": ("timestamp_ms '2024-01-01 01:02:03.004'", MOMENT.replace(microsecond=4000)),
    "TIMESTAMP WITH TIME ZONE": (
        "timestamptz '2024-01-01 01:00:00+01'",
        dt.datetime(2024, 1, 1, tzinfo=dt.UTC),
    ),
    "INTEGER[]": ("[1, null]", [1, None]),
    "INTEGER[2]": ("array_value(1, 2)", [1, 2]),
    "HUGEINT[]": ("[sum(3)]", [Decimal(3)]),
    'STRUCT(a TINYINT, "b c" VARCHAR)': ("{'a': 1::tinyint, 'b c': 'x'}", {"a": 1, "b c": "x"}),
    "MAP(VARCHAR, DOUBLE)": ("map {'k': 1.5::double}", {"k": 1.5}),
    "STRUCT(l MAP(INTEGER, DATE[])[])": (
        "{'l': [map {1: [date '2024-02-29', null]}]}",
        {"l": [{1: [dt.date(2024, 2, 29), None]}]},
    ),
    "NULL": ("null", None),
}
REFUSED = {
    "INTERVAL": "interval 3 day",
    "TIMESTAMP_NS": "timestamp_ns '2024-01-01 01:02:03.000000001'",
    "TIME WITH TIME ZONE": "'01:02:03+01'::timetz",
    "TIME_NS": "'01:02:03.000000001'::time_ns",
    "BIT": "'101'::bit",
    "UNION": "union_value(n := 1)::union(n integer, s varchar)",
    "BIGNUM": "1::bignum",
}
REFUSED_BELOW = {
    "INTERVAL[]": "[interval 3 day]",
    "STRUCT(n TIMESTAMP_NS, b BIT[])": "{'n': timestamp_ns '2024-01-01', 'b': ['1'::bit]}",
    "MAP(VARCHAR, INTERVAL)": "map {'k': interval 3 day}",
}


def _table() -> Iterator[tuple[str, str, str]]:
    """The README's table: a type of DuckDB, Iceberg's, and DuckDB's again."""
    _, _, rest = _README.read_text(encoding="utf-8").partition("| DuckDB | Iceberg | read back as |\n")
    for types, iceberg, back in re.findall(r"^\| (.*`.*) \| (.*) \| (.*) \|$", rest, re.MULTILINE):
        for each in re.findall(r"`([A-Z][^`]+)`", types):
            yield each, iceberg.strip("`"), back.strip("`")


STORED = {each: (iceberg, back) for each, iceberg, back in _table() if iceberg != "none"}


@pytest.fixture
def typed(project: DbtProject) -> DbtProject:
    selected = ", ".join(f'{sql} as "c{number}"' for number, (sql, _) in enumerate(VALUES.values()))
    described = " union ".join(
        f"select {number} as number, typeof(c{number}) as type from {{{{ ref('typed') }}}}"
        for number in range(len(VALUES))
    )
    project.models(
        typed=f"select {selected} union all select {', '.join(['null'] * len(VALUES))}",
        again="select * from {{ ref('typed') }}",
        described=described,
    )
    assert project.build().errors == {}
    return project


@pytest.mark.requirement("FR-022", "TQR-002")
def test_every_type_is_stored_as_the_table_in_the_readme_says(typed: DbtProject) -> None:
    assert list(STORED) == list(VALUES)

    for name in ("typed", "again"):
        stored = [re.sub(r"\d+: ([^:<>]+): optional ", r"\1 ", kind) for kind in typed.types(name).values()]
        assert dict(zip(VALUES, stored, strict=True)) == {
            each: iceberg for each, (iceberg, _) in STORED.items()
        }
    back = [kind for _, kind in sorted(typed.rows("described"))]
    assert dict(zip(VALUES, back, strict=True)) == {each: type_ for each, (_, type_) in STORED.items()}


@pytest.mark.requirement("FR-022", "TQR-002")
def test_other_readers_read_every_type(typed: DbtProject) -> None:
    wanted = sorted([tuple(value for _, value in VALUES.values()), (None,) * len(VALUES)], key=repr)

    for name in ("typed", "again"):
        table = typed.lake.table(name)
        assert with_pyiceberg(table) == wanted
        assert with_duckdb(table) == wanted
        assert list(duckdb_types(table).values()) == [back for _, back in STORED.values()]


@pytest.mark.requirement("FR-022")
def test_a_number_of_more_than_38_digits_fails_its_model_by_name(project: DbtProject) -> None:
    project.models(
        fits=f"select {'9' * 38}::hugeint as n",
        large=f"select 1{'0' * 38}::hugeint as n",
    )

    built = project.build(publish=False)

    assert list(built.errors) == ["large"]
    assert f"1{'0' * 38}" in str(built.errors["large"])


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
def test_a_type_iceberg_has_not_is_refused_with_the_column_and_a_cast_that_works(project: DbtProject) -> None:
    assert [each for each, iceberg, _ in _table() if iceberg == "none"] == list(REFUSED)
    selects = [f'select {sql} as "c d"' for sql in (REFUSED | REFUSED_BELOW).values()]
    project.models(**{f"bad_{number}": sql for number, sql in enumerate(selects)})

    built = project.build(publish=False)

    casts = []
    for number, each in enumerate(REFUSED | REFUSED_BELOW):
        error = str(built.errors[f"bad_{number}"])
        assert f"column 'c d' has the type '{each}" in error
        casts.append(error.partition("cast it: ")[2].splitlines()[0])
    assert built.written == {}
    project.models(
        **{
            f"bad_{number}": f"select {cast} as cast_of_it from ({sql})"
            for number, (cast, sql) in enumerate(zip(casts, selects, strict=True))
        }
    )
    assert project.build().errors == {}
    assert [project.rows(f"bad_{number}") for number in (0, 4, 7, 8)] == [
        [(259200.0,)],
        [("101",)],
        [(["3 days"],)],
        [({"n": dt.datetime(2024, 1, 1), "b": ["1"]},)],
    ]
