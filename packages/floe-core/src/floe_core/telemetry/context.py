"""Which trace and span one is in, carried the way OpenTelemetry does, so that others join it."""

from __future__ import annotations

import hashlib
import os
import random
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

_TRACEPARENT = re.compile(r"(?!ff)([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?")
_VARIABLE = "TRACEPARENT"


@dataclass(frozen=True, slots=True)
class SpanContext:
    """A span's ids: 32 and 16 hexadecimal digits."""

    trace_id: str
    span_id: str

    @property
    def traceparent(self) -> str:
        """As W3C's trace context writes it."""
        return f"00-{self.trace_id}-{self.span_id}-01"

    @classmethod
    def parse(cls, traceparent: str) -> SpanContext | None:
        """What a ``traceparent`` says; None when it is not one.

        Versions to come may say more at its end: https://www.w3.org/TR/trace-context/#versioning-of-traceparent.
        """
        found = _TRACEPARENT.fullmatch(traceparent.strip())
        if not found:
            return None
        version, trace_id, span_id, more = found.groups()
        if (version == "00" and more) or set(trace_id) == {"0"} or set(span_id) == {"0"}:
            return None
        return cls(trace_id, span_id)


_dice = random.Random()  # the system's own are asked once: they may take a third of a millisecond
os.register_at_fork(after_in_child=_dice.seed)


def new_span_id() -> str:
    return f"{_dice.getrandbits(64) or 1:016x}"


def new_trace_id() -> str:
    return f"{_dice.getrandbits(128) or 1:032x}"


def run_span_id(run_id: str, attempt: int) -> str:
    """The id of an attempt's own span: whoever finds it dead can still close it."""
    return _derived(f"{run_id}/{attempt}")


def model_span_id(run_id: str, attempt: int, unique_id: str) -> str:
    """The id of the span of a model in an attempt."""
    return _derived(f"{run_id}/{attempt}/{unique_id}")


def outer() -> SpanContext | None:
    """The span of whoever started this process, if it said so in TRACEPARENT."""
    return SpanContext.parse(os.environ.get(_VARIABLE, ""))


def current() -> SpanContext | None:
    """The span this thread is in, whoever opened it."""
    from opentelemetry import trace

    context = trace.get_current_span().get_span_context()
    if not context.is_valid:
        return None
    return SpanContext(f"{context.trace_id:032x}", f"{context.span_id:016x}")


def enter(context: SpanContext) -> Any:
    """Be in the span, in this thread, until ``leave`` gets what this gives."""
    from opentelemetry import context as carrier
    from opentelemetry import trace

    ids = trace.SpanContext(
        int(context.trace_id, 16), int(context.span_id, 16), False, trace.TraceFlags(trace.TraceFlags.SAMPLED)
    )
    return threading.get_ident(), carrier.attach(trace.set_span_in_context(trace.NonRecordingSpan(ids)))


def leave(entered: Any) -> None:
    """Be where one was before; another thread than the one that entered stays where it is."""
    from opentelemetry import context as carrier

    thread, token = entered
    if thread == threading.get_ident():
        carrier.detach(token)


@contextmanager
def within(context: SpanContext) -> Iterator[None]:
    """Be in the span: other libraries that trace see it as theirs, too."""
    entered = enter(context)
    try:
        yield
    finally:
        leave(entered)


def _derived(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
