"""The spans of a write, below that of the model it is for, or of the whole work."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from floe_core import telemetry
from floe_core.telemetry import SpanContext, Value, metrics
from floe_iceberg.table import TableId

_SCOPE = "floe.iceberg"


@contextmanager
def step(name: str, table: TableId, summary: Mapping[str, str]) -> Iterator[dict[str, Value]]:
    """A step of the write that the snapshot's summary describes; gives its attributes to add to."""
    subject = telemetry.subject()
    if subject is None:
        yield {}
        return
    run_id, attempt, model = summary["floe.run-id"], int(summary["floe.attempt"]), summary["floe.model"]
    parent = SpanContext(summary["floe.trace-id"], telemetry.model_span_id(run_id, attempt, model))
    if parent.span_id not in subject.said:  # maintenance writes for no model
        parent = subject.whole
    where: dict[str, Value] = {"db.namespace": table.namespace, "db.collection.name": table.name}
    with telemetry.span(name, where, parent=parent, scope=_SCOPE) as told:
        started = time.monotonic()
        yield told
        if name == "commit":
            subject.meter.record(metrics.COMMIT_DURATION, time.monotonic() - started)
