"""Runs that Dagster believes to be going although their process is gone."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from pathlib import Path

import dagster as dg
from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._core.launcher import DefaultRunLauncher
from dagster._grpc.client import DagsterGrpcClient
from dagster._grpc.types import CanCancelExecutionRequest, CanCancelExecutionResult
from dagster._serdes import deserialize_value

from floe_core.lake import Lake
from floe_core.ledger import Ledger
from floe_core.recovery import dead_runs, settle_dead_runs
from floe_core.run_lock import is_alive

_GOING = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
_GRACE_S = 20
"""A run holds its lock a few seconds after Dagster calls it started."""
_AFTER_PUBLISHING = "its process ended after publishing, before Dagster was told"
_BEFORE_BEGINNING = "its process ended before the run began"


def sweep(
    instance: dg.DagsterInstance, state_dir: Path, locations: Collection[str], lake: Callable[[], Lake]
) -> list[str]:
    """Settle every dead run of the platform, in the ledger and in Dagster; one sentence for each.

    ``locations`` are the code locations whose runs are the platform's. The lake is opened only when a run
    is found dead: Dagster's own run monitoring does not cover the launcher it has by default.
    """
    ledger = Ledger(state_dir)
    if dead_runs(state_dir, ledger):
        settle_dead_runs(state_dir, ledger, lake())
    return report_dead_runs(instance, state_dir, locations)


def report_dead_runs(instance: dg.DagsterInstance, state_dir: Path, locations: Collection[str]) -> list[str]:
    """Tell Dagster which of its runs are over, and why."""
    told = []
    for record in instance.get_run_records(filters=dg.RunsFilter(statuses=_GOING)):
        run = record.dagster_run
        if reason := _end(instance, state_dir, locations, record):
            instance.report_run_failed(run, reason)
            told.append(f"run '{run.run_id}' of {run.job_name}: {reason}")
    return told


def _end(
    instance: dg.DagsterInstance, state_dir: Path, locations: Collection[str], record: dg.RunRecord
) -> str | None:
    """Why the run is over, if it is: nobody holds it any more, and the ledger may know the reason."""
    run = record.dagster_run
    run_id = run.root_run_id or run.run_id
    if is_alive(state_dir, process_lock(run.run_id)):
        return None
    for attempt in Ledger(state_dir).find(run_id):
        if attempt.engine_run_id == run.run_id:
            over = attempt.state != "running" and not _is_held(instance, run)
            return (attempt.reason or _AFTER_PUBLISHING) if over else None
    if _location_name(run) not in locations or is_alive(state_dir, run_id):
        return None
    quiet_s = time.time() - record.update_timestamp.timestamp()
    return None if quiet_s < _GRACE_S or _is_held(instance, run) else _BEFORE_BEGINNING


def process_lock(run_id: str) -> str:
    """The lock of a run in the process that asked for it: held until Dagster has heard everything."""
    return f"dagster-{run_id}"


def _location_name(run: dg.DagsterRun) -> str | None:
    origin = run.remote_job_origin
    return origin.repository_origin.code_location_origin.location_name if origin else None


def _is_held(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Whether a code server still has the run's process: importing may take longer than the grace."""
    launcher = instance.run_launcher
    if not isinstance(launcher, DefaultRunLauncher):
        return True  # another launcher's runs are watched by Dagster's own monitoring
    client: DagsterGrpcClient | None = launcher._get_grpc_client_for_termination(run.run_id)  # type: ignore[no-untyped-call]
    return client is not None and _can_cancel(client, run.run_id)


def _can_cancel(client: DagsterGrpcClient, run_id: str) -> bool:
    request = CanCancelExecutionRequest(run_id=run_id)
    try:
        answer = deserialize_value(client.can_cancel_execution(request, timeout=5), CanCancelExecutionResult)
    except DagsterUserCodeUnreachableError as error:
        # a server that is only slow has its runs; one that is gone took them with it
        return "DEADLINE_EXCEEDED" in str(error.__cause__)
    return answer.can_cancel
