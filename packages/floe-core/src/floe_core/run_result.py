"""What a run came to."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from floe_core.events import ModelState, TestState

RunState = Literal["succeeded", "failed", "cancelled", "running"]


@dataclass(frozen=True)
class ModelResult:
    """How one model or seed of a run ended."""

    unique_id: str
    name: str
    state: ModelState
    seconds: float
    rows: int | None = None
    snapshot_id: int | None = None
    error: str | None = None


@dataclass(frozen=True)
class TestResult:
    """How one test of a run ended; ``model`` is the name of what it tests."""

    __test__ = False

    unique_id: str
    name: str
    model: str | None
    state: TestState
    failures: int
    seconds: float
    blocking: bool
    error: str | None = None


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
    models: tuple[ModelResult, ...] = field(default=())
    tests: tuple[TestResult, ...] = field(default=())
