"""The real webserver and daemon, asked over GraphQL."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from typing import Any

import psutil
import pytest
import requests

from floe_core.errors import WorkError
from floe_orchestrator_dagster import DagsterOrchestratorPlugin
from testing.services.process import free_port
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
    answer = requests.post(f"{url}/graphql", json={"query": query}, timeout=120).json()
    assert "errors" not in answer
    data: dict[str, Any] = answer["data"]
    return data


def alive(pids: list[int]) -> list[int]:
    return [pid for pid in pids if psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie"]


_DEV = "import sys; from floe_core.cli import main; sys.argv = ['floe', 'dev', *sys.argv[1:]]; main()"


@contextmanager
def floe_dev(shop: Shop) -> Iterator[subprocess.Popen[str]]:
    """``floe dev`` in a process of its own; a closed terminal ends it."""
    process = subprocess.Popen(
        [sys.executable, "-c", _DEV, "--port", str(free_port()), "--output", "json"],
        cwd=shop.home,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGHUP)
        process.communicate(timeout=300)


def told(process: subprocess.Popen[str]) -> dict[str, Any]:
    """What it prints once all is up."""
    assert process.stdout is not None
    lines = iter(process.stdout.readline, "")
    document: dict[str, Any] = json.loads("".join([*takewhile(lambda line: line != "}\n", lines), "}"]))
    return document


@pytest.mark.requirement("FR-014", "FR-027", "FR-087", "TQR-003")
def test_floe_dev_shows_good_runs_no_materialization_of_failed_ones_and_is_one_however_often_started(
    shop: Shop,
) -> None:
    good = shop.run()
    tables = shop.published()
    shop.write("seeds/raw_sales.csv", "id,amount\n1,10\n1,20\n")
    bad = shop.run()

    with floe_dev(shop) as first, floe_dev(shop) as second:
        answers = {first: told(first), second: told(second)}
        keeper, other = sorted(answers, key=lambda each: bool(answers[each]["found"]))
        url = answers[keeper]["url"]
        found = ask(url, REPOSITORIES)["repositoriesOrError"]["nodes"]
        runs = {run["runId"]: run for run in ask(url, RUNS)["runsOrError"]["results"]}
        other.wait(timeout=300)
        still_served = DagsterOrchestratorPlugin().serving(shop.state_dir)
        family = [child.pid for child in psutil.Process(keeper.pid).children(recursive=True)]
        keeper.kill()
        keeper.wait()
        with floe_dev(shop) as heir:
            inherited = told(heir)

    locations = {repository["location"]["name"]: repository for repository in found}
    repository = locations["corner-shop"]
    assert set(locations) == {"corner-shop", "platform"}
    assert answers[other] == {**answers[keeper], "found": True}
    assert (other.returncode, still_served is not None and still_served.url) == (0, url)
    assert (heir.returncode, inherited) == (0, answers[keeper])
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
    assert len(family) >= 4  # webserver, daemon and a code server for each
    assert alive(family) == []
    assert not DagsterOrchestratorPlugin().stop(shop.state_dir)


@pytest.mark.requirement("FR-087")
def test_a_taken_port_is_said_before_anything_starts(shop: Shop) -> None:
    location, _ = shop.compile()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(WorkError, match=f"port {port} is taken"):
            DagsterOrchestratorPlugin().serve([location], port=port, keep=True)

    assert not DagsterOrchestratorPlugin().stop(shop.state_dir)


def _materialized(run: dict[str, Any]) -> dict[str, dict[str, object]]:
    found = {}
    for event in run["eventConnection"]["events"]:
        if event["__typename"] == "MaterializationEvent":
            entries = {e["label"]: e.get("intValue", e.get("text")) for e in event["metadataEntries"]}
            found[event["assetKey"]["path"][-1]] = {key: entries[key] for key in ("row_count", "snapshot_id")}
    return found
