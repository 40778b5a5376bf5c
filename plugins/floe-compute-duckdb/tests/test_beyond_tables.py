"""What is worked out in the engine, then landed: snapshots, contracts, Python models, partial merges."""

from __future__ import annotations

import pytest

from testing.dbt_project import DbtProject, MakeProject
from testing.other_readers import with_duckdb, with_pyiceberg

PROPERTIES = """
models:
  - name: agreed
    config: {contract: {enforced: true}}
    columns:
      - {name: name, data_type: varchar}
      - {name: id, data_type: integer, constraints: [{type: not_null}, {type: check, expression: "id < 10"}]}
  - name: parted
    columns:
      - name: region
        data_tests:
          - accepted_values: {arguments: {values: [eu]}, config: {store_failures: true, severity: warn}}
"""
SNAPSHOT = """
snapshots:
  - name: kept
    relation: ref('raw')
    config: {unique_key: id, strategy: check, check_cols: all, hard_deletes: invalidate}
"""
MERGE = "materialized='incremental', unique_key='id', incremental_strategy='merge'"


@pytest.fixture
def everything(make_project: MakeProject) -> DbtProject:
    project = make_project(config={"threads": 1})
    project.seeds(raw="id,name,region\n1,a,eu\n2,b,us\n3,c,eu\n")
    project.models(
        agreed="select id, name from {{ ref('raw') }}",
        parted="{{ config(partition_by='region', sort_by=['id desc']) }} select * from {{ ref('raw') }}",
        renamed=f"""{{{{ config({MERGE}, merge_update_columns=['name']) }}}}
            select id, name, region from {{{{ ref('raw') }}}}""",
    )
    project.write("models/properties.yml", PROPERTIES)
    project.write("snapshots/kept.yml", SNAPSHOT)
    project.write(
        "models/computed.py",
        "def model(dbt, session):\n    dbt.config(materialized='table')\n"
        "    return dbt.ref('raw').filter('id > 1').order('id')\n",
    )
    project.write(
        "models/framed.py",
        "def model(dbt, session):\n    dbt.config(materialized='table')\n"
        "    return dbt.ref('computed').to_arrow_table().slice(0, 1)\n",
    )
    return project


@pytest.mark.requirement("FR-022", "FR-024", "FR-025", "FR-091")
def test_a_second_run_changes_what_each_way_of_building_is_to_change(everything: DbtProject) -> None:
    first = everything.build()
    everything.seeds(raw="id,name,region\n1,a,eu\n2,bb,de\n")

    second = everything.build()

    assert (first.errors, second.errors) == ({}, {})
    assert everything.rows("agreed") == [("a", 1), ("bb", 2)]
    assert everything.rows("computed") == [(2, "bb", "de")]
    assert everything.rows("framed") == [(2, "bb", "de")]
    assert sorted(everything.rows("renamed")) == [(1, "a", "eu"), (2, "bb", "us"), (3, "c", "eu")]
    spec = everything.lake.table("parted").spec()
    assert [(field.name, str(field.transform)) for field in spec.fields] == [("region", "identity")]
    history = [(row[0], row[1], row[-1] is None) for row in everything.rows("kept")]
    assert sorted(history) == [(1, "a", True), (2, "b", False), (2, "bb", True), (3, "c", False)]
    for published in everything.lake.manager.tables():
        table = everything.lake.plain().load_table((published.namespace, published.name))
        assert with_duckdb(table) == with_pyiceberg(table)


@pytest.mark.requirement("FR-024")
def test_the_rows_that_fail_a_test_are_a_table(everything: DbtProject) -> None:
    built = everything.build("parted+", "raw")

    audit = everything.lake.plain().load_table(
        ("shop-1_dbt_test__audit", "accepted_values_parted_region__eu")
    )
    assert [tuple(row.values()) for row in audit.scan().to_arrow().to_pylist()] == [("us", 1)]
    assert {name: test.state for name, test in built.tests.items()} == {
        "accepted_values_parted_region__eu": "warned"
    }


@pytest.mark.requirement("FR-024")
def test_a_row_that_breaks_a_contract_s_constraint_fails_its_model_and_writes_nothing(
    everything: DbtProject,
) -> None:
    everything.seeds(raw="id,name,region\n11,a,eu\n")

    built = everything.build("agreed", "raw", publish=False)

    assert "CHECK constraint failed" in str(built.errors["agreed"])
    assert sorted(built.written) == ["seed.shop.raw"]
