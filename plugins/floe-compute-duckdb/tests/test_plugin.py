"""The plugin's configuration, and what it says it cannot do."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from floe_compute_duckdb import DuckDB
from floe_compute_duckdb.names import mentioned_paths, namespace_of
from floe_core.plugins.dbt import ParsedNode
from testing.dbt_project import DbtProject


@pytest.mark.requirement("FR-013")
def test_the_profile_says_what_the_adapter_needs_and_no_path() -> None:
    plain = DuckDB().dbt_output(catalog_name="floe", product="shop-1", schema="shop_1")
    assert plain == {
        "type": "floe",
        "database": "floe",
        "schema": "shop_1",
        "product": "shop-1",
        "threads": 4,
    }

    plugin = DuckDB.model_validate(
        {"threads": 2, "memoryLimit": "1GB", "settings": {"TimeZone": "Asia/Tokyo"}}
    )
    assert plugin.dbt_output(catalog_name="lake", product="x", schema="x") == {
        "type": "floe",
        "database": "lake",
        "schema": "x",
        "product": "x",
        "threads": 2,
        "settings": {"TimeZone": "Asia/Tokyo"},
        "memory_limit": "1GB",
    }
    with pytest.raises(ValidationError, match="memoryLimit"):
        DuckDB.model_validate({"memoryLimit": "much"})
    with pytest.raises(ValidationError, match="'threads' is set by 'cores', outside of 'settings'"):
        DuckDB.model_validate({"settings": {"threads": 2}})


MODEL: dict[str, Any] = {"unique_id": "m", "resource_type": "model", "name": "m", "alias": "m"}
MODEL |= {"database": "floe", "schema": "s", "path": "m.sql", "package": "p", "materialized": "table"}

UNSUPPORTED: list[tuple[dict[str, Any], str]] = [
    ({"materialized": "external"}, "'external' is not supported: say 'table', and let a post_hook 'copy' it"),
    ({"materialized": "table_function"}, "materialization 'table_function' is not supported"),
    (
        {"materialized": "incremental", "config": {"incremental_strategy": "insert_overwrite"}},
        "'insert_overwrite'",
    ),
    (
        {"config": {"grants": {"select": ["x"]}}},
        "'grants' is not supported: rights are not kept by this catalog",
    ),
    ({"config": {"partitioned_by": "x"}}, "'partitioned_by' is not supported: say 'partition_by'"),
    ({"config": {"indexes": [{"columns": ["x"]}]}}, "'indexes' is not supported"),
]


@pytest.mark.requirement("FR-022", "FR-015")
@pytest.mark.parametrize(("changed", "said"), UNSUPPORTED)
def test_what_is_not_done_is_said(changed: dict[str, Any], said: str) -> None:
    assert said in str(DuckDB().unsupported(ParsedNode(**{**MODEL, **changed})))


@pytest.mark.requirement("FR-022")
def test_what_is_done_is_not_refused(project: DbtProject) -> None:
    project.seeds(raw="id\n1\n").models(
        a="select 1 as id",
        b="{{ config(materialized='incremental', unique_key='id', on_schema_change='fail') }} select 1 as id",
        c="{{ config(materialized='ephemeral') }} select 1 as id",
    )
    project.write("models/t.yml", "models: [{name: a, columns: [{name: id, data_tests: [unique]}]}]\n")

    reasons = {node.name: DuckDB().unsupported(node) for node in project.parse().nodes}

    assert reasons == dict.fromkeys(("raw", "a", "b", "c", "unique_a_id"))


@pytest.mark.requirement("FR-022")
def test_what_only_the_run_sees_is_refused_there_too(project: DbtProject) -> None:
    project.models(granted="{{ config(grants={'select': ['x']}) }} select 1 as id")

    assert project.build().errors == {
        "granted": "'grants' is not supported: rights are not kept by this catalog"
    }


@pytest.mark.requirement("FR-093")
def test_a_schema_stands_for_a_namespace() -> None:
    known = ("customer-360", "customer-360-emea", "iot-telemetry", "raw")

    def namespace(schema: str) -> str:
        return namespace_of(schema, product="customer-360", namespaces=known)

    assert [namespace(schema) for schema in ("customer_360", "Customer_360", "customer_360_x")] == [
        "customer-360",
        "customer-360",
        "customer-360_x",
    ]
    assert namespace("customer_360_emea") == "customer-360-emea"  # another product's
    assert [namespace(schema) for schema in ("iot_telemetry", "raw", "new")] == [
        "iot-telemetry",
        "raw",
        "new",
    ]


@pytest.mark.requirement("FR-022")
def test_names_are_cut_out_of_any_statement() -> None:
    sql = """merge into floe."s t"."select" /* a.b */ x using é.ü -- c.d
        on (x.id = date.id) when matched then update set v = 'e.f', "q""r" = 1.5"""

    paths = mentioned_paths(sql)

    assert {("floe", "s t", "select"), ("é", "ü"), ("date", "id"), ('q"r',)} <= paths
    assert not {("a", "b"), ("c", "d"), ("e", "f")} & paths
