"""What Dagster's daemon does by itself: retries, what is left of a crash, runs by a moved clock."""

from __future__ import annotations

import logging
import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import psutil
import pytest
from dagster._core.storage.tags import MAX_RETRIES_TAG
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import WorkspaceFileTarget
from dagster._daemon.run_coordinator.queued_run_coordinator_daemon import QueuedRunCoordinatorDaemon
from dagster._scheduler.scheduler import ScheduleIterationTimes, launch_scheduled_runs

from floe_core.ledger import Ledger
from floe_orchestrator_dagster import DagsterOrchestratorPlugin
from floe_orchestrator_dagster.instance import open_instance
from testing.dagster_ui import dagster_ui
from testing.polling import wait_for
from testing.production_line import MODELS, ProductionLine, open_line
from testing.shop import Shop, written

pytestmark = pytest.mark.slow


@pytest.fixture
def line(tmp_path: Path) -> ProductionLine:
    """The line, run once, so that no sensor starts it."""
    line = open_line(tmp_path / "line")
    line.run()
    return line


def _killed_at_fourth(line: ProductionLine, run_id: str, pid: int) -> None:
    wait_for(line.is_at_fourth, timeout_s=120)
    os.kill(pid, signal.SIGKILL)
    line.open()


@pytest.mark.requirement("FR-027", "FR-028")
def test_dagsters_own_retry_goes_on_where_a_killed_run_was(line: ProductionLine) -> None:
    location, _ = line.compile()
    with dagster_ui([location]) as ui:
        line.block()
        run_id = ui.launch("line", **{MAX_RETRIES_TAG: "1"})
        _killed_at_fourth(line, run_id, ui.pid(run_id))
        again = wait_for(
            lambda: [r["runId"] for r in ui.runs() if r["parentRunId"] == run_id],
            timeout_s=120,
            interval_s=1,
        )
        status = ui.ended(again[0])

    result = Ledger(line.state_dir).newest(run_id)
    assert (status, result.attempt, result.published) == ("SUCCESS", 2, True)
    assert {model.name: model.state for model in result.models} == (
        dict.fromkeys(MODELS[:3], "reused") | dict.fromkeys(MODELS[3:], "succeeded")
    )


@pytest.mark.requirement("FR-027", "FR-028", "FR-087")
def test_after_everything_was_killed_at_once_the_next_start_says_what_failed(line: ProductionLine) -> None:
    location, _ = line.compile()
    before, dagster = line.published(), DagsterOrchestratorPlugin()
    with dagster_ui([location]) as ui:
        line.block()
        run_id = ui.launch("line")
        wait_for(line.is_at_fourth, timeout_s=120)
        found = dagster.serving(line.state_dir)
        assert found is not None
        family = [p for pid in found.pids for p in (psutil.Process(pid), *psutil.Process(pid).children(True))]
        for process in {*family, psutil.Process(ui.pid(run_id))}:
            process.kill()
        psutil.wait_procs(family, timeout=30)
        line.open()
        assert dagster.serving(line.state_dir) is None
        with dagster_ui([location]) as restarted:
            status = restarted.ended(run_id, timeout_s=60)
            said = restarted.said(run_id, "its process ended without a word")

    assert (status, len(said)) == ("FAILURE", 1)
    assert Ledger(line.state_dir).newest(run_id).state == "failed"
    assert line.published() == before


@pytest.mark.requirement("FR-027")
def test_a_product_started_twice_runs_once_and_the_other_is_refused_by_name(line: ProductionLine) -> None:
    location, _ = line.compile()
    with dagster_ui([location]) as ui:
        line.block()
        first = ui.launch("line")
        wait_for(line.is_at_fourth, timeout_s=120)
        second = ui.launch("line")
        refused = ui.ended(second)
        said = ui.failure(second)
        ui.terminate(first)
        ended = ui.ended(first)
        line.open()

    assert (refused, ended) == ("FAILURE", "CANCELED")
    assert said.startswith(f"FLOE-E501 product 'line' is already running: run '{first}', since ")


_TILL = {
    "floe.yaml": (
        "metadata: {name: till}\nschedule: {every: 1d}\nretention: {maxAge: 2d, column: _loaded_at}\n"
    ),
    "dbt_project.yml": "name: till\nversion: '1.0'\nprofile: till\n",
    "models/sales.sql": (
        "{{ config(materialized='incremental', unique_key='id') }}\n"
        "select epoch_us(now()) as id, now()::timestamptz as _loaded_at\n"
    ),
}


@pytest.mark.requirement("FR-030", "FR-031", "FR-032")
def test_ten_days_of_a_moved_clock_leave_six_snapshots_two_days_of_rows_and_a_flat_store(
    tmp_path: Path,
) -> None:
    till = written(Shop(tmp_path / "till", "till"), _TILL)
    till.run()
    location, _ = till.compile()
    workspace = DagsterOrchestratorPlugin(maintain_every="1d").write_workspace([location])
    start = datetime.now(UTC).replace(hour=23, minute=59, second=30, microsecond=0)
    sizes, snapshots = [], []
    with (
        open_instance(till.state_dir) as instance,
        WorkspaceProcessContext(instance, WorkspaceFileTarget([str(workspace)])) as context,
    ):
        times: dict[str, ScheduleIterationTimes] = {}
        _tick(context, start, times)
        for day in range(10):
            _tick(context, start + timedelta(days=day, minutes=1), times)
            _work_off(context)
            sizes.append(sum(1 for file in (till.state_dir / "warehouse").rglob("*") if file.is_file()))
            snapshots.append(len(till.snapshots("sales")))
        runs = list(instance.get_runs())

    assert {run.status for run in runs} == {dg.DagsterRunStatus.SUCCESS}
    assert sum(run.job_name == "till" for run in runs) == 11
    assert sum(run.job_name == "maintenance" for run in runs) == 10
    assert max(snapshots[5:]) <= 7  # six, and the run that came after maintenance
    assert len(till.published()["sales"][1]) <= 2
    assert max(sizes[6:]) <= max(sizes[3:6])


def _tick(
    context: WorkspaceProcessContext, moment: datetime, times: dict[str, ScheduleIterationTimes]
) -> None:
    """One look of the scheduler, at the moment."""
    fresh = context.create_request_context()
    assert fresh.code_location_names != []
    for _ in launch_scheduled_runs(context, logging.getLogger("ticks"), moment, times):
        pass


def _work_off(context: WorkspaceProcessContext) -> None:
    """Let the queue's daemon launch what is queued, until all of it has ended."""
    daemon = QueuedRunCoordinatorDaemon(interval_seconds=1)

    def done() -> bool:
        for _ in daemon.run_iteration(context, fixed_iteration_time=None):
            pass
        open_ = dg.RunsFilter(statuses=[s for s in dg.DagsterRunStatus if s.value not in _ENDED])
        return not context.instance.get_runs(filters=open_)

    wait_for(done, timeout_s=300, interval_s=0.5)


_ENDED = ("SUCCESS", "FAILURE", "CANCELED")
