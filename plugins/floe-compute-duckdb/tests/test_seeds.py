"""Seeds land as stock dbt-duckdb would load them."""

from __future__ import annotations

import datetime as dt

import pytest

from testing.dbt_project import DbtProject

HAIRY = (
    "\ufeffid,name,price,day,at,flag,code,gone\r\n"
    '1,"a ""b"", c",1.50,2024-01-31,2024-01-31 10:00:00,true,007,\r\n'
    '2,"line\nbreak",2,2024-02-29,2024-02-29 11:30:00,false,008,\r\n'
    "3,,,,,,,\r\n"
    '4,"",0,2024-03-01,2024-03-01 00:00:00,true,it\'s,\r\n'
)


@pytest.mark.requirement("FR-023", "TQR-002")
def test_values_nulls_and_types_are_what_dbt_infers(project: DbtProject) -> None:
    project.seeds(raw=HAIRY)
    project.write("seeds/seeds.yml", "seeds: [{name: raw, config: {column_types: {code: varchar}}}]\n")

    assert project.build().errors == {}

    assert project.types("raw") == {
        "id": "int",
        "name": "string",
        "price": "double",
        "day": "date",
        "at": "timestamp",
        "flag": "boolean",
        "code": "string",
        "gone": "int",
    }
    assert project.rows("raw") == [
        (1, 'a "b", c', 1.5, dt.date(2024, 1, 31), dt.datetime(2024, 1, 31, 10), True, "007", None),
        (2, "line\nbreak", 2.0, dt.date(2024, 2, 29), dt.datetime(2024, 2, 29, 11, 30), False, "008", None),
        (3, None, None, None, None, None, None, None),
        (4, None, 0.0, dt.date(2024, 3, 1), dt.datetime(2024, 3, 1), True, "it's", None),
    ]


@pytest.mark.requirement("FR-023")
def test_compiling_finds_the_types_that_a_run_gives(project: DbtProject) -> None:
    project.seeds(raw=HAIRY)
    project.write("seeds/seeds.yml", "seeds: [{name: raw, config: {column_types: {code: varchar(3)}}}]\n")

    assert project.compile()["raw"].columns == (
        ("id", "integer"),
        ("name", "text"),
        ("price", "float8"),
        ("day", "date"),
        ("at", "timestamp without time zone"),
        ("flag", "boolean"),
        ("code", "varchar(3)"),
        ("gone", "integer"),
    )


@pytest.mark.requirement("FR-023")
def test_another_delimiter_and_a_file_without_rows(project: DbtProject) -> None:
    project.seeds(semi="a;b\n1;x,y\n", empty="a,b\n")
    project.write("seeds/seeds.yml", "seeds: [{name: semi, config: {delimiter: ';'}}]\n")

    assert project.build().errors == {}
    assert (project.rows("semi"), project.rows("empty")) == ([(1, "x,y")], [])


@pytest.mark.requirement("FR-023")
def test_a_value_that_does_not_fit_its_column_is_found_before_the_run(project: DbtProject) -> None:
    project.seeds(raw="id,n\n1,1\n2,2\n3,three\n", large="id\n1\n99999999999\n")
    project.write("seeds/seeds.yml", "seeds: [{name: raw, config: {column_types: {n: integer}}}]\n")

    compiled = project.compile()

    assert (compiled["raw"].error, compiled["raw"].error_line) == (
        'column "n": could not convert string "three" to \'INTEGER\'',
        4,
    )
    assert (compiled["large"].error, compiled["large"].error_line) == (
        'column "id": could not convert string "99999999999" to \'INTEGER\'',
        3,
    )
