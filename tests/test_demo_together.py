"""The demo's products on one platform, and what the whole demo takes."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pyiceberg.catalog.sql import SqlCatalog

from tests.demo import Demo, FinishedRun

_LAYERS = ("raw", "stg", "int", "mart")


@pytest.mark.xdist_group("demo")
@pytest.mark.requirement("FR-086", "FR-093")
def test_products_of_one_platform_stand_side_by_side(
    customer_360_run: FinishedRun, iot_telemetry_run: FinishedRun, financial_risk_run: FinishedRun
) -> None:
    runs = (customer_360_run, financial_risk_run, iot_telemetry_run)
    catalog = SqlCatalog("floe", uri=f"sqlite:///{customer_360_run.demo.folder}/.floe/catalog.db")
    try:
        tables = {namespace: catalog.list_tables(namespace) for namespace in catalog.list_namespaces()}
    finally:
        catalog.close()
    assert {namespace: len(names) for namespace, names in tables.items()} == {
        (run.product,): len(run.document["models"]) for run in runs
    }


@pytest.mark.slow
@pytest.mark.requirement("FR-086")
def test_a_product_needs_none_of_the_others(demo: Demo) -> None:
    for other in demo.folder.glob("*/floe.yaml"):
        if other.parent.name != "customer-360":
            other.unlink()
    models = demo.run("customer-360")["models"]
    assert {model["name"].split("_")[0] for model in models} == set(_LAYERS)
    assert {model["state"] for model in models} == {"succeeded"}


@pytest.mark.slow
@pytest.mark.requirement("FR-088", "SC-007")
def test_the_whole_demo_takes_less_than_ten_minutes(demo: Demo) -> None:
    floe = Path(sys.executable).parent / "floe"
    started = time.monotonic()
    done = subprocess.run(
        [floe, "demo", "--no-ui", "--output", "json"],
        cwd=demo.folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert time.monotonic() - started < 600
    products = {product["name"]: product["state"] for product in json.loads(done.stdout)["products"]}
    assert products == dict.fromkeys(("customer-360", "financial-risk", "iot-telemetry"), "succeeded")
