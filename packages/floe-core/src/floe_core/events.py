"""What happens in a run, told while it happens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
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
class Logged:
    """A line of dbt's own log, about the node ``name``."""

    name: str
    level: Literal["info", "warning", "error"]
    text: str


@dataclass(frozen=True)
class Waiting:
    """A service does not answer; it is asked again in so many seconds."""

    reason: str
    seconds: float


@dataclass(frozen=True)
class Phase:
    """A part of the work on one model, such as rendering its SQL; times are UTC."""

    name: Literal["compile", "execute"]
    start: datetime
    end: datetime


@dataclass(frozen=True)
class ModelFinished:
    """A model or seed ended; what was written is known when something was.

    ``rows``, ``size`` (in bytes) and ``snapshots`` are what the table then holds, ``added_rows``, ``files``
    and ``bytes`` what came to it. ``base_snapshot_id`` is what readers saw of it when the run first did.

    ``batches`` are those of a model that is built in batches of time, as (start, end) in UTC.
    """

    unique_id: str
    name: str
    state: ModelState
    seconds: float
    rows: int | None = None
    snapshot_id: int | None = None
    error: str | None = None
    batches: tuple[tuple[datetime, datetime], ...] = ()
    phases: tuple[Phase, ...] = ()
    added_rows: int | None = None
    files: int | None = None
    bytes: int | None = None
    size: int | None = None
    snapshots: int | None = None
    base_snapshot_id: int | None = None


@dataclass(frozen=True)
class TestFinished:
    """A test ended; ``model`` is the node it is about, ``failures`` the rows that break it.

    ``about`` is the node's unique id.
    """

    __test__ = False  # the name is dbt's, pytest shall not collect it

    unique_id: str
    name: str
    model: str | None
    state: TestState
    failures: int
    seconds: float
    blocking: bool
    error: str | None = None
    about: str | None = None

    @property
    def finding(self) -> str:
        """What it found: the rows, or the error that kept it from looking."""
        if self.state == "errored" and self.error:
            return self.error.strip()
        return "1 row breaks it" if self.failures == 1 else f"{self.failures:,} rows break it"


@dataclass(frozen=True)
class Published:
    """Every table of the run is now what readers see."""

    tables: int


RunEvent = Planned | ModelStarted | Logged | Waiting | ModelFinished | TestFinished | Published
