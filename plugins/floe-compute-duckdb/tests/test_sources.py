"""Sources: files, and tables of other products."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import duckdb
import pytest
from dbt.artifacts.schemas.run import RunExecutionResult
from dbt.cli.main import dbtRunner

from floe_core.events import ModelFinished, RunEvent
from floe_iceberg import IcebergTableManager, RunTransaction, TableId
from testing.dbt_project import DbtProject, MakeProject
from testing.lake import identity
from testing.shop import Shop, written

SOURCES = """
sources:
- name: files
  config: {external_location: "data/{name}.csv"}
  tables:
  - name: plain
  - {name: typed, config: {external_location: "read_csv('data/typed.csv', all_varchar = true)"}}
  - {name: columnar, config: {external_location: "data/*.parquet"}}
- name: other
  schema: other_product
  tables: [{name: theirs}]
"""


@pytest.mark.requirement("FR-022", "FR-021")
def test_csv_and_parquet_files_are_sources_as_dbt_duckdb_has_them(project: DbtProject) -> None:
    project.write("data/plain.csv", "id,v\n1,a\n")
    project.write("data/typed.csv", "id\n2024-01-01\n")
    duckdb.sql(f"copy (select 5 as id) to '{project.folder}/data/part.parquet'")
    project.write("models/sources.yml", SOURCES)
    project.models(
        m="select p.id, p.v, t.id as day, c.id as part from {{ source('files', 'plain') }} p,"
        " {{ source('files', 'typed') }} t, {{ source('files', 'columnar') }} c"
    )

    assert project.compile()["m"].error is None
    assert project.build().errors == {}
    assert project.rows("m") == [(1, "a", "2024-01-01", 5)]


@pytest.mark.requirement("FR-093", "FR-022")
def test_tables_of_another_product_are_read_by_their_sql_name(
    make_project: MakeProject,
) -> None:
    mine = make_project("mine")
    theirs = make_project("theirs", lake=mine.lake, product="other-product")
    theirs.models(theirs="select 7 as n")
    mine.write("models/sources.yml", SOURCES)
    mine.models(
        m="select n + 1 as n from {{ source('other', 'theirs') }} join other_product.theirs t using (n)"
    )

    missing = mine.build()
    assert theirs.build().errors == {}
    assert mine.build().errors == {}

    assert 'Table with name "other_product.theirs" does not exist' in str(missing.errors["m"])
    assert mine.rows("m") == [(8,)]


TILL = {
    "floe.yaml": "metadata: {name: till}\n",
    "dbt_project.yml": "name: till\nversion: '1.0'\nprofile: till\n",
    "models/first.sql": "select 1 as n",
    "models/second.sql": "select 1 as n",
}
OFFICE = {
    "floe.yaml": "metadata: {name: office}\n",
    "dbt_project.yml": "name: office\nversion: '1.0'\nprofile: office\n",
    "models/sources.yml": "sources: [{name: till, tables: [{name: first}, {name: SECOND}]}]\n",
    "models/before.sql": "select n from {{ source('till', 'first') }}",
    "models/behind.sql": (
        "-- depends_on: {{ ref('before') }}\n"
        "select f.n as first, s.n as second, (select v::int from read_csv('../flag.csv')) as flag"
        " from {{ source('till', 'first') }} f, {{ source('till', 'SECOND') }} s"
    ),
}


@pytest.mark.requirement("FR-022", "FR-093")
def test_tables_of_another_product_stay_as_the_run_first_saw_them_and_its_retry_too(tmp_path: Path) -> None:
    (tmp_path / "manifest.yaml").write_text("metadata: {name: chain}\n")
    till, office = (
        written(Shop(tmp_path / name, name, tmp_path), files)
        for name, files in (("till", TILL), ("office", OFFICE))
    )
    till.run()

    def rival(event: RunEvent) -> None:
        if not (isinstance(event, ModelFinished) and event.name == "before"):
            return
        place = {"type": "sql", "uri": f"sqlite:///{office.state_dir}/catalog.db"}
        lake = IcebergTableManager.open(
            "floe", {**place, "warehouse": f"file://{office.state_dir}/warehouse"}
        )
        run = RunTransaction(lake, identity("rival"))
        for table in ("first", "second"):
            with duckdb.connect() as connection:
                name = TableId("till", table)
                run.write(connection, name, "select 2 as n", model=table, mode="overwrite")
        assert len(run.publish()) == 2
        lake.close()

    (tmp_path / "flag.csv").write_text("v\nbad\n")
    failed = office.run(observe=rival)
    (tmp_path / "flag.csv").write_text("v\n0\n")
    retried = office.retry(failed.run_id)
    again = office.run()

    assert (failed.state, retried.state, again.state) == ("failed", "succeeded", "succeeded")
    assert [(model.name, model.state) for model in retried.models] == [
        ("before", "reused"),
        ("behind", "succeeded"),
    ]
    assert office.history("behind") == [
        [{"first": 1, "second": 1, "flag": 0}],
        [{"first": 2, "second": 2, "flag": 0}],
    ]


@pytest.mark.requirement("FR-022")
def test_dbt_called_by_hand_in_no_product_says_so(project: DbtProject) -> None:
    project.models(m="select 1 as id")
    location = project.location

    done = dbtRunner().invoke(
        [
            *("run", "--log-level", "none", "--log-level-file", "none"),
            *("--project-dir", str(location.project_dir)),
            *("--profiles-dir", str(location.profiles_dir)),
            *("--target-path", str(location.target_dir)),
        ]
    )

    assert "no floe.yaml here or above" in str(done.exception)
    assert "floe init" in str(done.exception)


@pytest.mark.requirement("FR-022")
def test_dbt_show_and_compile_work_within_a_run(project: DbtProject) -> None:
    project.models(m="select 41 + 1 as answer", n="select answer from {{ ref('m') }}")
    assert project.build().errors == {}
    location = project.location
    places = [
        *("--quiet", "--log-level", "none", "--log-level-file", "none"),
        *("--project-dir", str(location.project_dir)),
        *("--profiles-dir", str(location.profiles_dir)),
        *("--target-path", str(location.target_dir)),
    ]

    with project.lake.manager.run(identity("by-hand")):
        shown = dbtRunner().invoke(
            ["show", "--inline", "select answer + 1 as n from {{ ref('n') }}", *places]
        )
        compiled = dbtRunner().invoke(["compile", "--select", "n", *places])

    table = cast(RunExecutionResult, shown.result).results[0].agate_table
    assert [tuple(row) for row in cast(Any, table).rows] == [(43,)]
    [node] = cast(RunExecutionResult, compiled.result).results
    assert cast(Any, node.node).compiled_code == 'select answer from "floe"."shop_1"."m"'
