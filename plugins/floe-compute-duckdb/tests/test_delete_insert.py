"""Incremental models with delete+insert hold what they would hold on stock dbt-duckdb."""

from __future__ import annotations

from pathlib import Path

import pytest

from testing.dbt_project import DbtProject
from testing.stock_dbt import StockDbt

DELIVERIES = (
    "day,shop,total\n1,a,10\n1,a,11\n1,b,20\n2,a,30\n,a,40\n",
    "day,shop,total\n1,a,50\n1,a,50\n3,b,60\n,a,70\n,,80\n",
    "day,shop,total\n",
    "day,shop,total\n2,b,90\n3,b,61\n",
)
CONFIGS = {
    "one_key": "incremental_strategy='delete+insert', unique_key='day'",
    "two_keys": "incremental_strategy='delete+insert', unique_key=['day', 'shop']",
    "one_in_a_list": "incremental_strategy='delete+insert', unique_key=['shop']",
    "no_key": "incremental_strategy='delete+insert'",
    "by_default": "unique_key='day'",
    "default_without_key": "incremental_strategy='default'",
    "appended": "incremental_strategy='append'",
}


@pytest.mark.requirement("FR-025", "FR-022")
def test_delete_and_insert_leaves_what_stock_dbt_leaves(project: DbtProject, tmp_path: Path) -> None:
    stock = StockDbt(project, tmp_path / "stock")
    project.write("dbt_project.yml", _TYPED_SEEDS)
    for name, config in CONFIGS.items():
        project.models(
            **{
                name: f"{{{{ config(materialized='incremental', {config}) }}}}"
                " select day, shop, total{% if is_incremental() %} + 1000{% endif %} as total"
                " from {{ ref('raw') }}"
            }
        )
    for delivery in DELIVERIES:
        project.seeds(raw=delivery)

        built, theirs = project.build(), stock.build()

        assert built.errors == {}
        assert set(theirs.values()) == {"success"}
        assert {name: project.rows(name) for name in CONFIGS} == {name: stock.rows(name) for name in CONFIGS}
    counts = {name: len(project.rows(name)) for name in CONFIGS}
    assert counts == {
        "one_key": 7,
        "two_keys": 9,
        "one_in_a_list": 6,
        "no_key": 12,
        "by_default": 7,
        "default_without_key": 12,
        "appended": 12,
    }


@pytest.mark.requirement("FR-025", "FR-090")
def test_delete_and_insert_changes_columns_as_stock_dbt_does(project: DbtProject, tmp_path: Path) -> None:
    stock, policies = StockDbt(project, tmp_path / "stock"), ("append_new_columns", "sync_all_columns")
    for policy in policies:
        project.models(
            **{
                policy: "{{ config(materialized='incremental', incremental_strategy='delete+insert',"
                f" unique_key='id', on_schema_change='{policy}') }}}} select * from {{{{ ref('raw') }}}}"
            }
        )
    for delivery in ("id,old\n1,x\n2,y\n", "id,old,added\n2,z,5\n2,w,6\n", "id,added\n1,7\n"):
        project.seeds(raw=delivery)

        assert project.build().errors == {}
        assert set(stock.build("--full-refresh", "--select", "raw").values()) == {"success"}
        assert set(stock.invoke("run").values()) == {"success"}

        assert {name: project.rows(name) for name in policies} == {
            name: stock.rows(name) for name in policies
        }


_TYPED_SEEDS = """
name: shop
version: '1.0'
profile: shop
seeds: {shop: {+column_types: {day: integer, shop: varchar, total: integer}}}
"""
