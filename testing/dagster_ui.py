"""A webserver and daemon on loopback, asked over GraphQL as a browser asks them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from floe_core.location import Location
from floe_orchestrator_dagster import DagsterOrchestratorPlugin
from testing.polling import wait_for
from testing.services.process import free_port

ENDED = ("SUCCESS", "FAILURE", "CANCELED")
_RUNS = """{ runsOrError { ... on Runs { results {
  runId rootRunId parentRunId status jobName startTime endTime tags { key value }
} } } }"""
_EVENTS = """query($run: ID!) { runOrError(runId: $run) { ... on Run { eventConnection { events {
  __typename
  ... on MessageEvent { message }
  ... on MaterializationEvent { assetKey { path } metadataEntries { ...entry } }
  ... on EngineEvent { metadataEntries { ...entry } }
  ... on ExecutionStepFailureEvent { failureMetadata { description } }
} } } } }
fragment entry on MetadataEntry {
  label ... on IntMetadataEntry { intValue } ... on TextMetadataEntry { text }
}"""
_TICKS = """query($sensor: SensorSelector!) { sensorOrError(sensorSelector: $sensor) { ... on Sensor {
  sensorState { ticks(limit: 50) { status skipReason runIds } } } } }"""
_LAUNCH = """mutation($p: ExecutionParams!) { launchPipelineExecution(executionParams: $p) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message }
  ... on RunConfigValidationInvalid { errors { message } }
} }"""
_REEXECUTE = """mutation($p: ReexecutionParams) { launchRunReexecution(reexecutionParams: $p) {
  __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message }
} }"""
_BACKFILL = """mutation($p: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $p) {
  __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message }
} }"""
_BACKFILL_STATUS = """query($id: String!) { partitionBackfillOrError(backfillId: $id) {
  __typename ... on PartitionBackfill { status } } }"""
_TERMINATE = """mutation($run: String!) { terminateRun(runId: $run) { __typename } }"""
_RELOAD = """mutation($l: String!) { reloadRepositoryLocation(repositoryLocationName: $l) { __typename } }"""


@dataclass(frozen=True)
class DagsterUI:
    url: str

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        body = {"query": query, "variables": variables}
        answer = requests.post(f"{self.url}/graphql", json=body, timeout=120).json()
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data

    def runs(self) -> list[dict[str, Any]]:
        """The newest first."""
        runs: list[dict[str, Any]] = self.ask(_RUNS)["runsOrError"]["results"]
        return runs

    def run(self, run_id: str) -> dict[str, Any]:
        return next(run for run in self.runs() if run["runId"] == run_id)

    def ended(self, run_id: str, *, timeout_s: float = 300) -> str:
        """The run's last status, waited for."""

        def status() -> str | None:
            found: str = self.run(run_id)["status"]
            return found if found in ENDED else None

        return wait_for(status, timeout_s=timeout_s, interval_s=0.5) or ""

    def events(self, run_id: str) -> list[dict[str, Any]]:
        events: list[dict[str, Any]] = self.ask(_EVENTS, run=run_id)["runOrError"]["eventConnection"][
            "events"
        ]
        return events

    def materialized(self, run_id: str) -> dict[str, str]:
        """The snapshot that each asset's materialization names, by the asset's last name."""
        return {
            event["assetKey"]["path"][-1]: entry["text"]
            for event in self.events(run_id)
            if event["__typename"] == "MaterializationEvent"
            for entry in event["metadataEntries"]
            if entry["label"] == "snapshot_id"
        }

    def said(self, run_id: str, what: str) -> list[str]:
        """The messages of the run that have the words in them."""
        return [event["message"] for event in self.events(run_id) if what in event.get("message", "")]

    def failure(self, run_id: str) -> str:
        """The reason the run's step failed with."""
        found = (event.get("failureMetadata") for event in self.events(run_id))
        return next((each["description"] for each in found if each), "")

    def pid(self, run_id: str) -> int:
        """The process the run is in."""

        def found() -> int | None:
            entries = (e for event in self.events(run_id) for e in event.get("metadataEntries") or ())
            return next((int(e["text"]) for e in entries if e["label"] == "pid"), None)

        return wait_for(found, timeout_s=120) or 0

    def ticks(self, location: str, sensor: str) -> list[dict[str, Any]]:
        """The newest first."""
        selector = _repository(location) | {"sensorName": sensor}
        ticks: list[dict[str, Any]] = self.ask(_TICKS, sensor=selector)["sensorOrError"]["sensorState"][
            "ticks"
        ]
        return ticks

    def materialize(self, location: str, assets: Sequence[str], **tags: str) -> str:
        """Press 'materialize selected' and return the run's id."""
        selector = _repository(location) | {
            "pipelineName": "__ASSET_JOB",
            "assetSelection": [{"path": [location, name]} for name in assets],
        }
        return self._launch(selector, tags)

    def launch(self, location: str, **tags: str) -> str:
        """Launch the product's whole job and return the run's id."""
        return self._launch(_repository(location) | {"pipelineName": location.replace("-", "_")}, tags)

    def _launch(self, selector: dict[str, Any], tags: dict[str, str]) -> str:
        metadata = {"tags": [{"key": key, "value": value} for key, value in tags.items()]}
        params = {"selector": selector, "mode": "default", "executionMetadata": metadata}
        return _run_id(self.ask(_LAUNCH, p=params)["launchPipelineExecution"])

    def re_execute_from_failure(self, run_id: str) -> str:
        params = {"parentRunId": run_id, "strategy": "FROM_FAILURE"}
        return _run_id(self.ask(_REEXECUTE, p=params)["launchRunReexecution"])

    def backfill(self, location: str, asset: str, partitions: Sequence[str]) -> str:
        """Launch a backfill of one asset and return its id."""
        params = {"assetSelection": [{"path": [location, asset]}], "partitionNames": list(partitions)}
        answer = self.ask(_BACKFILL, p=params)["launchPartitionBackfill"]
        assert answer["__typename"] == "LaunchBackfillSuccess", json.dumps(answer)
        backfill_id: str = answer["backfillId"]
        return backfill_id

    def backfill_ended(self, backfill_id: str, *, timeout_s: float = 300) -> str:
        """The backfill's last status, waited for."""

        def status() -> str | None:
            found: str = self.ask(_BACKFILL_STATUS, id=backfill_id)["partitionBackfillOrError"]["status"]
            return None if found in ("REQUESTED", "CANCELING", "FAILING") else found

        return wait_for(status, timeout_s=timeout_s, interval_s=0.5) or ""

    def terminate(self, run_id: str) -> None:
        assert self.ask(_TERMINATE, run=run_id)["terminateRun"]["__typename"] == "TerminateRunSuccess"

    def reload(self, location: str) -> None:
        self.ask(_RELOAD, l=location)


def _repository(location: str) -> dict[str, Any]:
    return {"repositoryName": "__repository__", "repositoryLocationName": location}


def _run_id(answer: dict[str, Any]) -> str:
    assert answer["__typename"] == "LaunchRunSuccess", json.dumps(answer)
    run_id: str = answer["run"]["runId"]
    return run_id


@contextmanager
def dagster_ui(locations: Sequence[Location]) -> Iterator[DagsterUI]:
    """The UI and the daemon over compiled products, ended with all their children."""
    dagster = DagsterOrchestratorPlugin()
    served = dagster.serve(locations, port=free_port(), keep=True)
    try:
        yield DagsterUI(served.url)
    finally:
        dagster.stop(locations[0].state_dir)


@contextmanager
def catalog_held(state_dir: Path) -> Iterator[None]:
    """A lock on the embedded catalog's file, as another process would hold it: the catalog is away."""
    connection = sqlite3.connect(state_dir / "catalog.db", isolation_level=None, timeout=30)
    try:
        connection.execute("begin exclusive")
        yield
        connection.execute("rollback")
    finally:
        connection.close()
