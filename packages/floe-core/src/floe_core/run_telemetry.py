"""A run, told in spans: itself, its models, and what was done for each."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from floe_core import telemetry
from floe_core.artifact_store import kept_trace
from floe_core.commit import DIRTY
from floe_core.events import Logged, ModelFinished, ModelStarted, Published, RunEvent, TestFinished, Waiting
from floe_core.lake import RunIdentity
from floe_core.run_result import RunState
from floe_core.schemas.artifacts import CompiledArtifacts
from floe_core.telemetry import Meter, OpenSpan, Resource, SpanContext, Subject, Value, metrics
from floe_core.telemetry.context import enter, leave
from floe_core.telemetry.logs import get_logger, tell
from floe_core.telemetry.records import Level

_LOGGER = "floe.run"


@dataclass
class RunTelemetry:
    """A teller of run events; called in the thread that did what the event is about.

    ``died`` is when a run began whose process ended without telling: somebody else tells its end.
    """

    artifacts: CompiledArtifacts
    identity: RunIdentity
    resource: Resource
    died: datetime | None = None
    root: OpenSpan = field(init=False)
    subject: Subject = field(init=False)
    meter: Meter = field(init=False)
    _nodes: dict[str, Any] = field(init=False)
    _open: dict[str, tuple[OpenSpan, object]] = field(default_factory=dict)
    _written: dict[str, ModelFinished] = field(default_factory=dict)
    _ended: bool = False

    def __post_init__(self) -> None:
        identity, outer = self.identity, telemetry.outer()
        joined = outer is not None and outer.trace_id == identity.trace_id
        self._nodes = {node.unique_id: node for node in self.artifacts.nodes}
        self.root = OpenSpan(
            SpanContext(identity.trace_id, telemetry.run_span_id(identity.run_id, identity.attempt)),
            outer.span_id if outer and joined else None,
            "run",
            self.resource,
            attributes={**self._common(), "floe.artifact_digest": identity.artifact_digest},
            links=self._compile(),
        )
        if self.died:
            self.root.start_ns = _ns(self.died)
            self.root.attributes["floe.died"] = True
        if identity.git_commit:
            self.root.attributes["vcs.ref.head.revision"] = identity.git_commit.removesuffix(DIRTY)
        self.meter = Meter(
            {"floe.product": identity.product, "deployment.environment.name": identity.environment}
        )
        said: dict[str, Mapping[str, Value]] = {self.root.context.span_id: self._common()}
        self.subject = Subject(self.resource, self.root.context, self.meter, said)

    def begin(self) -> None:
        """Tell that the run begins; its span is told when it ends."""
        get_logger(_LOGGER).info("run started", artifact_digest=self.identity.artifact_digest)

    def __call__(self, event: RunEvent) -> None:
        match event:
            case Logged():
                tell("dbt", event.level, event.text, {})
            case Waiting():
                get_logger(_LOGGER).warning(event.reason, seconds=event.seconds)
            case ModelStarted():
                span = self._model(event.unique_id, event.name)
                self._open[event.unique_id] = span, enter(span.context)
            case ModelFinished():
                self._end_model(event)
            case TestFinished():
                self._test(event)
            case Published():
                self.root.attributes["floe.tables"] = event.tables
                get_logger(_LOGGER).info("published", tables=event.tables)
                self._measure_tables()

    def end(self, state: RunState, *, published: bool, reason: str | None) -> None:
        """Tell how the run ended; a second word is ignored."""
        if self._ended:
            return
        self._ended = True
        self.root.attributes |= {"floe.state": state, "floe.published": published}
        root = self.root.ended(error=None if state == "succeeded" else reason or state)
        telemetry.offer(root)
        log = get_logger(_LOGGER)
        if state == "succeeded":
            log.info("run succeeded")
        else:
            log.error(f"run {state}", reason=reason or state)
        self.meter.add(metrics.RUNS, 1, state=state)
        if not self.died:  # nobody knows when it ended
            self.meter.record(metrics.RUN_DURATION, (root.end_ns - root.start_ns) / 1e9, state=state)
        self.meter.add(metrics.DROPPED, telemetry.dropped(self.resource.state_dir))
        for point in self.meter.points(self.resource):
            telemetry.offer(point)

    def _measure_tables(self) -> None:
        """What readers see from now on, and when it became that."""
        for event in self._written.values():
            node = self._nodes.get(event.unique_id)
            if node is None or event.size is None:
                continue
            table: dict[str, Value] = {"floe.table": f"{node.namespace}.{node.table}"}
            self.meter.set(metrics.TABLE_BYTES, event.size, **table)
            self.meter.set(metrics.TABLE_ROWS, event.rows or 0, **table)
            self.meter.set(metrics.TABLE_SNAPSHOTS, event.snapshots or 0, **table)
            self.meter.set(metrics.TABLE_PUBLISHED, round(time.time(), 3), **table)

    def _compile(self) -> tuple[SpanContext, ...]:
        noted = kept_trace(self.resource.state_dir, self.identity.artifact_digest)
        compiled = SpanContext.parse(noted) if noted else None
        return (compiled,) if compiled else ()

    def _common(self) -> dict[str, Value]:
        """What every span of the run says."""
        identity = self.identity
        return {
            "pipeline_name": identity.product,
            "floe.product": identity.product,
            "floe.run_id": identity.run_id,
            "floe.attempt": identity.attempt,
        }

    def _about(self, unique_id: str, name: str) -> dict[str, Value]:
        node = self._nodes.get(unique_id)
        layer = getattr(node, "layer", None) or ("bronze" if unique_id.startswith("seed.") else "")
        return {**self._common(), "model_name": name, "layer": layer, "floe.unique_id": unique_id}

    def _context(self, unique_id: str) -> SpanContext:
        identity = self.identity
        span_id = telemetry.model_span_id(identity.run_id, identity.attempt, unique_id)
        return SpanContext(identity.trace_id, span_id)

    def _model(self, unique_id: str, name: str) -> OpenSpan:
        context, about = self._context(unique_id), self._about(unique_id, name)
        self.subject.said[context.span_id] = dict(about)
        return OpenSpan(context, self.root.context.span_id, "model", self.resource, attributes=about)

    def _end_model(self, event: ModelFinished) -> None:
        span, token = self._open.pop(event.unique_id, (None, None))
        if span is None:  # skipped or reused: it never began
            span = self._model(event.unique_id, event.name)
        span.attributes["floe.state"] = event.state
        self.meter.add(metrics.MODELS, 1, state=event.state, layer=span.attributes["layer"])
        if event.added_rows is not None and event.state == "succeeded":
            self.meter.add(metrics.ROWS, event.added_rows, layer=span.attributes["layer"])
            self._written[event.unique_id] = event
        for key, value in _sizes(event).items():
            span.attributes[key] = value
        for phase in event.phases:
            self._child(span.context, phase.name, _ns(phase.start), _ns(phase.end))
        error = (event.error or event.state) if event.state in ("failed", "cancelled") else None
        telemetry.offer(span.ended(error=error))
        level: Level = "error" if event.state == "failed" else "info"
        tell(_LOGGER, level, f"model {event.state}", _words(event), span.context)
        if token is not None:
            leave(token)

    def _test(self, event: TestFinished) -> None:
        self.meter.add(metrics.TESTS, 1, state=event.state)
        if event.state == "skipped":
            return
        known = event.about in self._nodes
        now = time.time_ns()
        above = self._context(event.about) if event.about and known else self.root.context
        said: dict[str, Value] = {
            "floe.test": event.name,
            "floe.state": event.state,
            "floe.failures": event.failures,
        }
        error = event.finding if event.state in ("failed", "errored") else None
        self._child(above, "test", now - int(event.seconds * 1e9), now, said, error=error)
        if event.state != "passed":
            level: Level = "error" if error and event.blocking else "warning"
            tell(_LOGGER, level, f"test {event.state}", {**said, "error": event.finding}, above)

    def _child(
        self,
        above: SpanContext,
        name: str,
        start_ns: int,
        end_ns: int,
        said: Mapping[str, Value] = MappingProxyType({}),
        error: str | None = None,
    ) -> None:
        """Tell what dbt did, once it is over."""
        child = OpenSpan(
            SpanContext(above.trace_id, telemetry.new_span_id()),
            above.span_id,
            name,
            self.resource,
            start_ns=start_ns,
            attributes={**self.subject.common(above), **said},
            scope="floe.dbt",
        )
        telemetry.offer(child.ended(error=error, end_ns=end_ns))


def _sizes(event: ModelFinished) -> dict[str, Value]:
    said = {
        "floe.rows": event.rows,
        "floe.bytes": event.bytes,
        "floe.files": event.files,
        "floe.snapshot": None if event.snapshot_id is None else str(event.snapshot_id),
    }
    return {key: value for key, value in said.items() if value is not None}


def _words(event: ModelFinished) -> dict[str, Value]:
    """What the log says of a model beside its name."""
    said = {"rows": event.rows, "seconds": round(event.seconds, 3), "error": event.error}
    return {key: value for key, value in said.items() if value is not None}


def _ns(moment: datetime) -> int:
    return int(moment.timestamp() * 1e9)
