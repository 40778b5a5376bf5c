"""What a run came to."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from floe_core.events import ModelFinished, TestFinished
from floe_core.lake import RunIdentity

RunState = Literal["succeeded", "failed", "cancelled", "running"]


def ended_by(error: BaseException) -> tuple[Literal["failed", "cancelled"], str]:
    """State and reason of work that an exception ended.

    What is no Exception is somebody's wish to stop: Ctrl-C, a signal, the orchestrator's cancel.
    """
    return ("failed", str(error)) if isinstance(error, Exception) else ("cancelled", "interrupted")


@dataclass(frozen=True)
class RunResult:
    """One attempt of a run. ``reason`` says why it failed; ``engine_run_id`` is the orchestrator's id."""

    run_id: str
    attempt: int
    product: str
    environment: str
    artifact_digest: str
    trace_id: str
    state: RunState
    published: bool
    started_at: datetime
    ended_at: datetime | None = None
    git_commit: str | None = None
    engine_run_id: str | None = None
    reason: str | None = None
    full_refresh: bool = False
    models: tuple[ModelFinished, ...] = field(default=())
    tests: tuple[TestFinished, ...] = field(default=())

    @property
    def identity(self) -> RunIdentity:
        """Who wrote what this attempt wrote."""
        return RunIdentity(
            self.run_id,
            self.attempt,
            self.product,
            self.environment,
            self.artifact_digest,
            self.trace_id,
            self.git_commit,
        )
