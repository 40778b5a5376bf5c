"""The real webserver and daemon, asked over GraphQL."""

from __future__ import annotations

import socket
from typing import Any

import psutil
import pytest
import requests

from floe_core.errors import WorkError
from floe_orchestrator_dagster import DagsterOrchestratorPlugin
from testing.shop import Shop

REPOSITORIES = """{ repositoriesOrError { ... on RepositoryConnection { nodes {
  location { name } pipelines { name }
  assetNodes { assetKey { path } dependencyKeys { path } }
} } } }"""
RUNS = """{ runsOrError { ... on Runs { results {
  runId status eventConnection { events {
    __typename ... on MaterializationEvent {
      assetKey { path }
      metadataEntries { label ... on IntMetadataEntry { intValue } ... on TextMetadataEntry { text } }
    }
  } }
} } } }"""


def ask(url: str, query: str) -> dict[str, Any]:
    answer = requests.post(f"{url}/graphql", json={"query": query}, timeout=30).json()
    assert "errors" not in answer
    data: dict[str, Any] = answer["data"]
    return data


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def alive(pids: tuple[int, ...]) -> list[int]:
    return [pid for pid in pids if psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie"]


@pytest.mark.requirement("FR-014", "FR-027", "FR-087", "TQR-003")
def test_the_ui_shows_the_product_its_good_run_and_no_materialization_of_the_failed_one(shop: Shop) -> None:
    dagster = DagsterOrchestratorPlugin()
    good = shop.run()
    tables = shop.published()
    shop.write("seeds/raw_sales.csv", "id,amount\n1,10\n1,20\n")
    bad = shop.run()
    location, _ = shop.compile()

    served = dagster.serve([location], port=free_port())
    try:
        [repository] = ask(served.url, REPOSITORIES)["repositoriesOrError"]["nodes"]
        runs = {run["runId"]: run for run in ask(served.url, RUNS)["runsOrError"]["results"]}
        again = dagster.serve([location], port=free_port())
        family = tuple(
            child.pid for pid in served.pids for child in psutil.Process(pid).children(recursive=True)
        )
    finally:
        stopped = dagster.stop(shop.state_dir)

    assert (repository["location"]["name"], again) == ("corner-shop", served)
    assert "corner_shop" in {job["name"] for job in repository["pipelines"]}
    assert {
        node["assetKey"]["path"][-1]: [key["path"][-1] for key in node["dependencyKeys"]]
        for node in repository["assetNodes"]
    } == {"raw_sales": [], "stg_sales": ["raw_sales"], "mart_total": ["stg_sales"]}
    assert (runs[good.run_id]["status"], runs[bad.run_id]["status"]) == ("SUCCESS", "FAILURE")
    assert _materialized(runs[bad.run_id]) == {}
    assert _materialized(runs[good.run_id]) == {
        name: {"row_count": len(rows), "snapshot_id": str(snapshot)}
        for name, (snapshot, rows) in tables.items()
    }
    assert stopped
    assert alive(served.pids + family) == []
    assert not dagster.stop(shop.state_dir)


@pytest.mark.requirement("FR-087")
def test_a_taken_port_is_said_before_anything_starts(shop: Shop) -> None:
    location, _ = shop.compile()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(WorkError, match=f"port {port} is taken"):
            DagsterOrchestratorPlugin().serve([location], port=port)

    assert not DagsterOrchestratorPlugin().stop(shop.state_dir)


def _materialized(run: dict[str, Any]) -> dict[str, dict[str, object]]:
    found = {}
    for event in run["eventConnection"]["events"]:
        if event["__typename"] == "MaterializationEvent":
            entries = {e["label"]: e.get("intValue", e.get("text")) for e in event["metadataEntries"]}
            found[event["assetKey"]["path"][-1]] = {key: entries[key] for key in ("row_count", "snapshot_id")}
    return found
