"""Spans, opened where work begins and told where it ends."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from floe_core.telemetry.context import SpanContext, current, new_span_id, within
from floe_core.telemetry.process import offer, subject
from floe_core.telemetry.records import Resource, Span, Value


@dataclass
class OpenSpan:
    """A span that has not ended; attributes may be added until it does."""

    context: SpanContext
    parent_id: str | None
    name: str
    resource: Resource
    start_ns: int = field(default_factory=time.time_ns)
    attributes: dict[str, Value] = field(default_factory=dict)
    links: tuple[SpanContext, ...] = ()
    scope: str = "floe"

    def ended(self, *, error: str | None = None, end_ns: int | None = None) -> Span:
        """The span as it is told; its duration is an attribute, too."""
        end = max(end_ns or time.time_ns(), self.start_ns)
        attributes = {**self.attributes, "duration_ms": round((end - self.start_ns) / 1e6, 3)}
        return Span(
            self.context,
            self.parent_id,
            self.name,
            self.start_ns,
            end,
            self.resource,
            attributes,
            error,
            self.links,
            self.scope,
        )


@contextmanager
def span(
    name: str,
    attributes: Mapping[str, Value] | None = None,
    *,
    parent: SpanContext | None = None,
    scope: str = "floe",
) -> Iterator[dict[str, Value]]:
    """A span around the body, below ``parent`` or what this thread is in; gives its attributes to add to.

    It says what the span above lets those below it say, such as whose run it is.
    An exception that leaves the body is its error. Nothing is told where nobody would hear.
    """
    at = subject()
    if at is None:
        yield dict(attributes or {})
        return
    above = parent or current() or at.whole
    context = SpanContext(above.trace_id, new_span_id())
    said = {**at.common(above), **(attributes or {})}
    made = OpenSpan(context, above.span_id, name, at.resource, attributes=said, scope=scope)
    with ExitStack() as ending:
        ending.push(lambda _kind, error, _trace: offer(made.ended(error=cause(error))))
        ending.enter_context(within(context))
        yield said


def cause(error: BaseException | None) -> str | None:
    """What a span says of the exception that ended it, if one did."""
    return None if error is None else str(error) or type(error).__name__
