"""A compile, told in spans: itself and its stages. One that finds nothing changed tells nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field

from floe_core import telemetry
from floe_core.artifact_store import keep_trace
from floe_core.exporting import attach_exporters, resource_of
from floe_core.location import Location
from floe_core.platform import Platform
from floe_core.schemas.artifacts import CompiledArtifacts
from floe_core.telemetry import OpenSpan, Resource, SpanContext, Value
from floe_core.telemetry.tracing import cause

_ENVIRONMENT = "dev"


@dataclass
class CompileTelemetry:
    """Notes the stages; who is to hear of them is known when the plugins are."""

    location: Location
    before: Callable[[], CompiledArtifacts | None]
    outer: SpanContext | None = field(default_factory=telemetry.outer)
    start_ns: int = field(default_factory=time.time_ns)
    stages: list[tuple[str, int, int, str | None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        trace_id = self.outer.trace_id if self.outer else telemetry.new_trace_id()
        self.context = SpanContext(trace_id, telemetry.new_span_id())

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """A stage, which ends well or with an error."""
        start = time.time_ns()
        with ExitStack() as ending:
            ending.push(
                lambda _kind, error, _trace: self.stages.append((name, start, time.time_ns(), cause(error)))
            )
            yield

    def done(self, artifacts: CompiledArtifacts, digest: str) -> None:
        """Tell of a compile that gave an artifact, and keep its trace beside that for the runs of it."""
        with suppress(OSError):  # a full disk is for those to tell who need the file
            keep_trace(self.location.state_dir, digest, self.context.traceparent)
        self._tell(artifacts, {"floe.artifact_digest": digest}, None)

    def left(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        """Tell of one that gave none, to whom the product's last artifact says; without one to nobody."""
        if error is not None and (before := self.before()) is not None:
            self._tell(before, {}, cause(error))

    def _tell(self, artifacts: CompiledArtifacts, said: dict[str, Value], error: str | None) -> None:
        state_dir, product = self.location.state_dir, artifacts.metadata.product_name
        attach_exporters(Platform(artifacts.plugins), state_dir)
        resource = resource_of(artifacts, _ENVIRONMENT, state_dir)
        common: dict[str, Value] = {"pipeline_name": product, "floe.product": product}
        for name, start_ns, end_ns, stage_error in self.stages:
            context = SpanContext(self.context.trace_id, telemetry.new_span_id())
            stage = OpenSpan(context, self.context.span_id, name, resource, start_ns, dict(common))
            telemetry.offer(stage.ended(error=stage_error, end_ns=end_ns))
        telemetry.offer(self._whole(resource, {**common, **said}).ended(error=error))

    def _whole(self, resource: Resource, said: dict[str, Value]) -> OpenSpan:
        above = self.outer.span_id if self.outer else None
        return OpenSpan(self.context, above, "compile", resource, self.start_ns, said)


@contextmanager
def told(location: Location, before: Callable[[], CompiledArtifacts | None]) -> Iterator[CompileTelemetry]:
    """Tell of the compile inside; ``before`` gives the product's artifact until now, if there is one."""
    with telemetry.session():
        telling = CompileTelemetry(location, before)
        with ExitStack() as ending:
            ending.push(telling.left)
            yield telling
