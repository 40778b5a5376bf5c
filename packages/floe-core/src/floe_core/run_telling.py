"""Everything a run tells while it goes: spans and log lines to one place, lineage to another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from floe_core import telemetry
from floe_core.errors import PluginError
from floe_core.events import ModelFinished, RunEvent
from floe_core.lake import RunIdentity
from floe_core.location import Location
from floe_core.platform import Platform
from floe_core.plugins.dbt import DbtLocation
from floe_core.run_lineage import RunLineage, attach_lineage, naming_of
from floe_core.run_result import RunResult, RunState, ended_by
from floe_core.run_telemetry import RunTelemetry, attach_exporters, resource_of
from floe_core.schemas.artifacts import CompiledArtifacts


@dataclass(frozen=True)
class Telling:
    """Passes each event of a run on to those who tell it."""

    spans: RunTelemetry
    lineage: RunLineage | None

    def __call__(self, event: RunEvent) -> None:
        self.spans(event)
        if self.lineage:
            self.lineage(event)

    def end(self, state: RunState, *, published: bool, reason: str | None) -> None:
        """Tell how the run ended; a second word is ignored."""
        if self.lineage:
            self.lineage.end(state, reason=reason)
        self.spans.end(state, published=published, reason=reason)


@contextmanager
def told(
    platform: Platform, artifacts: CompiledArtifacts, identity: RunIdentity, location: Location
) -> Iterator[Telling]:
    """Tell of the run that is executed inside, from its first to its last moment."""
    with telemetry.session():
        attach_exporters(platform, location.state_dir)
        resource = resource_of(artifacts, identity.environment, location.state_dir)
        spans = RunTelemetry(artifacts, identity, resource)
        telling = Telling(spans, lineage_of(platform, artifacts, identity, location))
        with telemetry.about(spans.subject), telemetry.within(spans.root.context):
            if telling.lineage:
                telling.lineage.begin()
            try:
                yield telling
            except BaseException as error:
                state, reason = ended_by(error)
                telling.end(state, published=False, reason=reason)
                raise


@contextmanager
def materializing(
    location: Location, artifacts: CompiledArtifacts, result: RunResult
) -> Iterator[Callable[[ModelFinished], None]]:
    """What the orchestrator calls for each table that it counts as materialized."""
    with telemetry.session():
        lineage = lineage_of(Platform(artifacts.plugins), artifacts, result.identity, location)
        yield lineage.materialized if lineage else _unheard


def lineage_of(
    platform: Platform, artifacts: CompiledArtifacts, identity: RunIdentity, location: Location
) -> RunLineage | None:
    """Who tells the run's lineage; None where nobody would hear it."""
    attach_lineage(platform, location.state_dir)
    if not telemetry.is_open() or artifacts.plugins.lineage is None:
        return None
    try:
        naming = naming_of(platform, location.state_dir)
    except PluginError:
        return None  # the run itself meets it, and says so
    resource = resource_of(artifacts, identity.environment, location.state_dir)
    compiled = DbtLocation.of(location, artifacts.metadata.dbt_project).target_dir / "compiled"
    return RunLineage(artifacts, identity, resource, naming, compiled)


def _unheard(event: ModelFinished) -> None:
    """There is nobody to tell."""
