"""A run of named tables plans those tables, however many stand beside them."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from floe_orchestrator_dagster.named import named_assets
from testing.shop import Shop, open_shop


def planned(shop: Shop, run_id: str) -> set[str]:
    events = shop.dagster_events(run_id, dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED)
    return {event.asset_key.path[-1] for event in events if event.asset_key}


@pytest.mark.requirement("FR-020", "FR-024")
def test_a_run_of_one_table_plans_builds_and_tests_that_one(tmp_path: Path) -> None:
    shop = open_shop(tmp_path)
    first = shop.run()

    again = shop.run("mart_total")

    assert planned(shop, first.run_id) == {"raw_sales", "stg_sales", "mart_total"}
    assert planned(shop, again.run_id) == {"mart_total"}
    assert [model.name for model in again.models] == ["mart_total"]
    assert [(test.model, test.state) for test in again.tests] == [("mart_total", "passed")]
    checks = shop.dagster_events(again.run_id, dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    assert [check.asset_check_evaluation_data.asset_key.path[-1] for check in checks] == ["mart_total"]


@pytest.mark.requirement("FR-020")
def test_what_only_dbt_understands_is_left_to_dbt(tmp_path: Path) -> None:
    shop = open_shop(tmp_path)
    shop.write("models/marts/staging.sql", "select 1 as n")  # a folder is called so, too
    shop.write("models/prices.yml", "models: [{name: price, versions: [{v: 1}, {v: 2}]}]")
    for version in (1, 2):
        shop.write(f"models/price_v{version}.sql", f"select {version} as price")
    _, artifacts = shop.compile()

    found = {
        selector: named_assets(artifacts, selector.split())
        for selector in (
            "mart_total",
            "stg_sales raw_sales",
            "price",
            "price.v1",
            "+mart_total",
            "tag:x",
            "staging",
            "nothing",
            "",
        )
    }

    assert {selector: keys and sorted(key.path[-1] for key in keys) for selector, keys in found.items()} == {
        "mart_total": ["mart_total"],
        "stg_sales raw_sales": ["raw_sales", "stg_sales"],
        "price": ["price_v1", "price_v2"],
        **dict.fromkeys(("price.v1", "+mart_total", "tag:x", "staging", "nothing", "")),
    }
