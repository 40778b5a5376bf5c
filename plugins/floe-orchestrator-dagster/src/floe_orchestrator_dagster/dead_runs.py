"""Runs that Dagster believes to be going although their process is gone."""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from floe_core.ledger import Ledger

_GOING = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]


def report_dead_runs(instance: dg.DagsterInstance, state_dir: Path) -> None:
    """Tell Dagster what the ledger has found out; its own monitoring does not cover the default launcher."""
    ledger = Ledger(state_dir)
    for run in instance.get_runs(filters=dg.RunsFilter(statuses=_GOING)):
        for attempt in ledger.find(run.root_run_id or run.run_id):
            if attempt.engine_run_id == run.run_id and attempt.state != "running":
                reason = attempt.reason or "its process ended after publishing, before Dagster was told"
                instance.report_run_failed(run, reason)
