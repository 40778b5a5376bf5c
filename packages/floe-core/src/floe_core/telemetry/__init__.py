"""What floe tells of its own doings: spans, log lines, metrics and lineage, through one bounded queue."""

from __future__ import annotations

from floe_core.telemetry.context import (
    SpanContext,
    current,
    model_span_id,
    new_span_id,
    new_trace_id,
    outer,
    run_span_id,
    within,
)
from floe_core.telemetry.logs import Door, get_logger, hearing_others
from floe_core.telemetry.metrics import Instrument, Meter
from floe_core.telemetry.process import (
    Subject,
    about,
    attach,
    dropped,
    is_attached,
    is_open,
    offer,
    session,
    subject,
)
from floe_core.telemetry.queue import Exporter, NotAllowed, Refused, TelemetryQueue, TryLater
from floe_core.telemetry.records import (
    Distribution,
    LineageEvent,
    LogLine,
    Point,
    Record,
    Resource,
    Span,
    Value,
)
from floe_core.telemetry.redaction import redact_error, redacted
from floe_core.telemetry.tracing import OpenSpan, span

__all__ = [
    "Distribution",
    "Door",
    "Exporter",
    "Instrument",
    "LineageEvent",
    "LogLine",
    "Meter",
    "NotAllowed",
    "OpenSpan",
    "Point",
    "Record",
    "Refused",
    "Resource",
    "Span",
    "SpanContext",
    "Subject",
    "TelemetryQueue",
    "TryLater",
    "Value",
    "about",
    "attach",
    "current",
    "dropped",
    "get_logger",
    "hearing_others",
    "is_attached",
    "is_open",
    "model_span_id",
    "new_span_id",
    "new_trace_id",
    "offer",
    "outer",
    "redact_error",
    "redacted",
    "run_span_id",
    "session",
    "span",
    "subject",
    "within",
]
