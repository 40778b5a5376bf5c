"""The three products served by a real webserver and daemon, which run them by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from floe_core.compiler import compile_product
from floe_core.ledger import Ledger
from floe_core.location import find_products
from floe_core.run_lock import maintenance_of_product
from floe_orchestrator_dagster import DagsterOrchestratorPlugin
from testing.dagster_ui import ENDED, DagsterUI
from testing.polling import wait_for
from testing.services.process import free_port
from tests.demo import Demo

PRODUCTS = ("customer-360", "financial-risk", "iot-telemetry")
YEARLY = "0 0 1 1 *"
LOCATIONS = """{ repositoriesOrError { ... on RepositoryConnection { nodes {
  location { name } pipelines { name }
  sensors { name targets { pipelineName } } schedules { name cronSchedule }
  assetNodes { assetKey { path } dependencyKeys { path } groupName }
} } } }"""
RUNS = """{ runsOrError { ... on Runs { results {
  runId status jobName startTime endTime eventConnection { events {
    __typename ... on MaterializationEvent {
      assetKey { path } metadataEntries { label ... on IntMetadataEntry { intValue } }
    } ... on MessageEvent { message }
  } }
} } } }"""


class Served:
    def __init__(self, demo: Demo, url: str) -> None:
        self.demo, self.url = demo, url

    def ask(self, query: str) -> dict[str, Any]:
        answer = requests.post(f"{self.url}/graphql", json={"query": query}, timeout=120).json()
        assert "errors" not in answer
        data: dict[str, Any] = answer["data"]
        return data

    def runs(self) -> list[dict[str, Any]]:
        runs: list[dict[str, Any]] = self.ask(RUNS)["runsOrError"]["results"]
        return runs

    def first_runs_started(self) -> bool:
        return self._of_all("STARTED", *ENDED)

    def first_runs_ended(self) -> bool:
        return self._of_all(*ENDED)

    def _of_all(self, *statuses: str) -> bool:
        found = {run["jobName"] for run in self.runs() if run["status"] in statuses}
        return found >= {name.replace("-", "_") for name in PRODUCTS}


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """The demo, compiled and never run, with Dagster on it until its sensors have started all products.

    Its schedules are yearly ones: a second run that the clock starts is none of these tests'.
    """
    demo = Demo.copied_to(tmp_path / "demo")
    for product in PRODUCTS:
        spec = demo.product(product) / "floe.yaml"
        said = spec.read_text()
        assert "every: 10m" in said
        spec.write_text(said.replace("every: 10m", f"cron: '{YEARLY}'"))
    locations = find_products(demo.folder, manifest=demo.folder / "manifest.yaml")
    for location in locations:
        compile_product(location)
    dagster = DagsterOrchestratorPlugin()
    with ExitStack() as ending:
        with held_at_their_start(demo):
            found = Served(demo, dagster.serve(locations, port=free_port(), keep=True).url)
            ending.callback(dagster.stop, _state(demo))
            wait_for(found.first_runs_started, timeout_s=300, interval_s=1)
        wait_for(found.first_runs_ended, timeout_s=300, interval_s=1)
        yield found


@contextmanager
def held_at_their_start(demo: Demo) -> Iterator[None]:
    """Runs that begin meanwhile wait as they do for maintenance: so they overlap, however slow one comes."""
    with ExitStack() as maintained:
        for product in PRODUCTS:
            maintained.enter_context(maintenance_of_product(_state(demo), product))
        yield


def _state(demo: Demo) -> Path:
    return demo.folder / ".floe"


@pytest.mark.requirement("FR-014", "FR-029", "FR-030", "FR-033", "FR-086", "FR-087")
def test_the_daemon_runs_all_three_products_at_once_by_their_sensors_and_the_ui_shows_them(
    served: Served,
) -> None:
    _assert_locations(served)
    _assert_runs(served)


def _assert_locations(served: Served) -> None:
    """Each product is a location with its own job, sensor, schedule and graph."""
    nodes = served.ask(LOCATIONS)["repositoriesOrError"]["nodes"]
    found = {node["location"]["name"]: node for node in nodes}

    assert set(found) == {*PRODUCTS, "platform"}
    platform = found.pop("platform")
    assert [(s["name"], s["cronSchedule"]) for s in platform["schedules"]] == [
        ("maintenance_schedule", "*/10 * * * *")
    ]
    assert [sensor["name"] for sensor in platform["sensors"]] == ["dead_runs"]
    for product, node in found.items():
        job = product.replace("-", "_")
        assert job in {each["name"] for each in node["pipelines"]}
        assert sorted((s["name"], s["targets"][0]["pipelineName"]) for s in node["sensors"]) == [
            (f"{job}_first_run", job),
        ]
        assert [(s["name"], s["cronSchedule"]) for s in node["schedules"]] == [(f"{job}_schedule", YEARLY)]
    graph = {
        tuple(asset["assetKey"]["path"]): sorted(key["path"][-1] for key in asset["dependencyKeys"])
        for asset in found["customer-360"]["assetNodes"]
    }
    assert graph["customer-360", "mart_customer_360"] == ["int_customer_orders", "int_customer_support"]
    assert graph["customer-360", "stg_transactions"] == ["raw_transactions"]
    groups = {
        asset["assetKey"]["path"][-1]: asset["groupName"] for asset in found["iot-telemetry"]["assetNodes"]
    }
    assert (groups["raw_sensors"], groups["stg_sensors"]) == ("bronze", "bronze")
    assert (groups["int_sensor_metrics"], groups["mart_equipment_health"]) == ("silver", "gold")


def _assert_runs(served: Served) -> None:
    """They ran beside each other, without a lock in the way, and published every table."""
    runs = {run["jobName"]: run for run in reversed(served.runs()) if "maintenance" not in run["jobName"]}

    told = [event.get("message", "") for run in runs.values() for event in run["eventConnection"]["events"]]
    assert {name: run["status"] for name, run in runs.items()} == {
        product.replace("-", "_"): "SUCCESS" for product in PRODUCTS
    }, told
    assert not [message for message in told if "locked" in message]
    assert max(run["startTime"] for run in runs.values()) < min(run["endTime"] for run in runs.values())
    for product in PRODUCTS:
        counts = _row_counts(runs[product.replace("-", "_")])
        assert counts == {table: len(served.demo.rows(product, table)) for table in counts}
        assert len(counts) == 9
    ledger = Ledger(_state(served.demo))
    assert sorted((run.product, run.state, run.published) for run in ledger.runs()) == [
        (product, "succeeded", True) for product in PRODUCTS
    ]


def _row_counts(run: dict[str, Any]) -> dict[str, int]:
    return {
        event["assetKey"]["path"][-1]: entry["intValue"]
        for event in run["eventConnection"]["events"]
        if event["__typename"] == "MaterializationEvent"
        for entry in event["metadataEntries"]
        if entry["label"] == "row_count"
    }


@pytest.mark.slow
@pytest.mark.requirement("FR-086", "FR-033")
def test_three_products_at_once_go_three_rounds_without_a_conflict(served: Served) -> None:
    ui = DagsterUI(served.url)
    for _ in range(3):
        launched = {product: ui.launch(product) for product in PRODUCTS}
        statuses = {product: ui.ended(run_id, timeout_s=300) for product, run_id in launched.items()}
        runs = [ui.run(run_id) for run_id in launched.values()]
        assert statuses == dict.fromkeys(PRODUCTS, "SUCCESS")
        assert max(run["startTime"] for run in runs) < min(run["endTime"] for run in runs)
        assert [line for run_id in launched.values() for line in ui.said(run_id, "locked")] == []

    ended = [(run.product, run.state, run.published) for run in Ledger(_state(served.demo)).runs()]
    assert sorted(ended) == sorted((product, "succeeded", True) for product in PRODUCTS for _ in range(4))
