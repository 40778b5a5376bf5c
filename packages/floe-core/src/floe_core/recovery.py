"""Runs whose process died: found by their free lock, settled by what the catalog says."""

from __future__ import annotations

from pathlib import Path

from floe_core.lake import Lake
from floe_core.ledger import Ledger, already_running
from floe_core.run_lock import is_alive
from floe_core.run_result import RunResult
from floe_core.run_telling import tell_dead

_REASON = "its process ended without a word"


def settle_dead_runs(state_dir: Path, ledger: Ledger, lake: Lake) -> list[RunResult]:
    """Mark every running attempt whose process is gone, tell its end, and return those that were.

    A process can die between publishing and saying so: all tables move in one step, so any one of
    them tells whether the run was published.
    """
    dead = dead_runs(state_dir, ledger)
    for run in dead:
        intended = ledger.intended(run)
        published = bool(intended) and lake.is_published(*intended[0])
        ledger.end(
            run.run_id,
            run.attempt,
            "succeeded" if published else "failed",
            published=published,
            reason=None if published else _REASON,
        )
    settled = [ledger.attempt(run.run_id, run.attempt) for run in dead]
    for run in settled:
        tell_dead(state_dir, run)
    return settled


def dead_runs(state_dir: Path, ledger: Ledger) -> list[RunResult]:
    """The attempts the ledger calls running although no process holds their lock."""
    return [run for run in ledger.running() if not is_alive(state_dir, run.run_id)]


def refuse_living_rival(state_dir: Path, product: str, environment: str) -> None:
    """Raise ConflictError when a run of the product is going, before anything slow is imported.

    The ledger asks again, under its own lock, when the run begins.
    """
    for run in Ledger(state_dir).running():
        same = (run.product, run.environment) == (product, environment)
        if same and is_alive(state_dir, run.run_id):
            raise already_running(run)
