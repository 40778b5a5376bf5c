"""What happens in a run, told while it happens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ModelState = Literal["succeeded", "failed", "skipped", "cancelled", "reused"]
TestState = Literal["passed", "failed", "warned", "errored", "skipped"]


@dataclass(frozen=True)
class Planned:
    """What the selection comes to, by unique id; told once, before anything starts."""

    models: tuple[str, ...]
    tests: tuple[str, ...]


@dataclass(frozen=True)
class ModelStarted:
    """A model or seed began; ``index`` counts from 1."""

    unique_id: str
    name: str
    index: int
    total: int


@dataclass(frozen=True)
class ModelFinished:
    """A model or seed ended. ``rows`` and ``snapshot_id`` are known when something was written."""

    unique_id: str
    name: str
    state: ModelState
    seconds: float
    rows: int | None = None
    snapshot_id: int | None = None
    error: str | None = None


@dataclass(frozen=True)
class TestFinished:
    """A test ended; ``model`` is the node it is about, ``failures`` the rows that break it."""

    __test__ = False  # the name is dbt's, pytest shall not collect it

    unique_id: str
    name: str
    model: str | None
    state: TestState
    failures: int
    seconds: float
    blocking: bool
    error: str | None = None


@dataclass(frozen=True)
class Published:
    """Every table of the run is now what readers see."""

    tables: int


RunEvent = Planned | ModelStarted | ModelFinished | TestFinished | Published
