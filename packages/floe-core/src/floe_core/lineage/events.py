"""One event: what happened to which run of which job, and to which tables."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal

from floe_core.lineage.facets import PRODUCER, Json

EventType = Literal["START", "COMPLETE", "FAIL", "ABORT"]
_SCHEMA = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
_RUNS = uuid.UUID("6f6c2d0e-2f5b-5d0c-9a55-0f0e1f10e001")


@dataclass(frozen=True)
class Job:
    """What runs again and again, within a namespace."""

    namespace: str
    name: str
    facets: Json = field(default_factory=dict)

    @property
    def identity(self) -> Json:
        return {"namespace": self.namespace, "name": self.name}


@dataclass(frozen=True)
class Run:
    """One time that a job ran."""

    run_id: str
    facets: Json = field(default_factory=dict)

    @property
    def identity(self) -> Json:
        return {"runId": self.run_id}


@lru_cache(maxsize=1024)
def derived_run_id(*parts: object) -> str:
    """The same id for the same parts, so that another process can tell how that run ended."""
    return str(uuid.uuid5(_RUNS, "/".join(map(str, parts))))


def run_event(
    kind: EventType,
    run: Run,
    job: Job,
    *,
    inputs: Sequence[Json] = (),
    outputs: Sequence[Json] = (),
    at: datetime | None = None,
) -> Json:
    """The event as JSON; it happened now unless ``at`` says when."""
    moment = (at or datetime.now(UTC)).astimezone(UTC)
    return {
        "eventTime": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "eventType": kind,
        "producer": PRODUCER,
        "schemaURL": _SCHEMA,
        "run": {**run.identity, "facets": run.facets},
        "job": {**job.identity, "facets": job.facets},
        "inputs": list(inputs),
        "outputs": list(outputs),
    }
