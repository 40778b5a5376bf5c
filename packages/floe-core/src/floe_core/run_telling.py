"""Everything a run tells while it goes: spans and log lines to one place, lineage to another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from floe_core import telemetry
from floe_core.artifact_store import kept_artifacts
from floe_core.errors import PluginError
from floe_core.events import ModelFinished, RunEvent
from floe_core.exporting import attach_exporters, attach_lineage, resource_of
from floe_core.lake import RunIdentity
from floe_core.location import Location
from floe_core.platform import Platform
from floe_core.plugins.dbt import DbtLocation
from floe_core.run_lineage import RunLineage, naming_of
from floe_core.run_result import RunResult, RunState, ended_by
from floe_core.run_telemetry import RunTelemetry
from floe_core.schemas.artifacts import CompiledArtifacts
from floe_core.telemetry_reader import TelemetryReader


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

    def left(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        """Tell of an exception that ends the run, and let it go on without secrets."""
        if error is None:
            return
        clean = telemetry.redact_error(error)
        state, reason = ended_by(clean)
        self.end(state, published=False, reason=reason)
        if clean is not error:
            raise clean from None


@contextmanager
def told(
    platform: Platform, artifacts: CompiledArtifacts, identity: RunIdentity, location: Location
) -> Iterator[Telling]:
    """Tell of the run that is executed inside, from its first to its last moment."""
    with telemetry.session():
        attach_exporters(platform, location.state_dir)
        resource = resource_of(artifacts, identity.environment, location.state_dir)
        spans = RunTelemetry(artifacts, identity, resource)
        telling = Telling(
            spans, lineage_of(platform, artifacts, identity, location.state_dir, _sql(location, artifacts))
        )
        with (
            telemetry.about(spans.subject),
            telemetry.within(spans.root.context),
            telemetry.hearing_others(),
            ExitStack() as ending,
        ):
            spans.begin()
            if telling.lineage:
                telling.lineage.begin()
            ending.push(telling.left)
            yield telling


@contextmanager
def materializing(
    location: Location, artifacts: CompiledArtifacts, result: RunResult, *, scope: str
) -> Iterator[Callable[[ModelFinished], None]]:
    """What the orchestrator calls for each table that it counts as materialized."""
    platform, sql = Platform(artifacts.plugins), _sql(location, artifacts)
    with telemetry.session():
        attach_exporters(platform, location.state_dir)
        resource = resource_of(artifacts, result.environment, location.state_dir)
        subject = RunTelemetry(artifacts, result.identity, resource).subject
        lineage = lineage_of(platform, artifacts, result.identity, location.state_dir, sql)
        with telemetry.about(subject), telemetry.span("materialize", parent=subject.whole, scope=scope):
            yield lineage.materialized if lineage else _unheard


def tell_dead(state_dir: Path, run: RunResult) -> None:
    """Tell how a run ended whose process could not; the ledger and its kept artifact know enough of it."""
    artifacts = kept_artifacts(state_dir, run.artifact_digest)
    if artifacts is None:
        return
    platform, identity = Platform(artifacts.plugins), run.identity
    with telemetry.session():
        attach_exporters(platform, state_dir)
        resource = resource_of(artifacts, run.environment, state_dir)
        spans = RunTelemetry(artifacts, identity, resource, died=run.started_at)
        lineage = lineage_of(platform, artifacts, identity, state_dir, state_dir)
        if lineage:
            lineage.recall(run.models, TelemetryReader(state_dir).jobs_told(run.run_id, run.attempt))
        with telemetry.about(spans.subject):
            Telling(spans, lineage).end(run.state, published=run.published, reason=run.reason)


def lineage_of(
    platform: Platform, artifacts: CompiledArtifacts, identity: RunIdentity, state_dir: Path, compiled: Path
) -> RunLineage | None:
    """Who tells the run's lineage, with the SQL that dbt leaves in ``compiled``; None where nobody hears."""
    attach_lineage(platform, state_dir)
    if not telemetry.is_open() or artifacts.plugins.lineage is None:
        return None
    try:
        naming = naming_of(platform, state_dir)
    except PluginError:
        return None  # the run itself meets it, and says so
    resource = resource_of(artifacts, identity.environment, state_dir)
    return RunLineage(artifacts, identity, resource, naming, compiled)


def _sql(location: Location, artifacts: CompiledArtifacts) -> Path:
    return DbtLocation.of(location, artifacts.metadata.dbt_project).target_dir / "compiled"


def _unheard(event: ModelFinished) -> None:
    """There is nobody to tell."""
