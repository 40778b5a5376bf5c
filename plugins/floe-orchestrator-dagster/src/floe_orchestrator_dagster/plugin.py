"""The plugin's face: Dagster itself is imported only by what runs or serves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from floe_core.errors import Problem, WorkError
from floe_core.events import RunEvent
from floe_core.ledger import Ledger
from floe_core.location import Location
from floe_core.plugins.base import PluginMetadata
from floe_core.plugins.orchestrator import OrchestratorPlugin, Served
from floe_core.recovery import refuse_living_rival
from floe_core.run import DEFAULT_ENVIRONMENT
from floe_core.run_result import RunResult
from floe_core.schemas.artifacts import CompiledArtifacts
from floe_core.schemas.values import Duration, seconds
from floe_orchestrator_dagster.observing import Watcher, watched
from floe_orchestrator_dagster.workspace import write_workspace

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition


class DagsterOrchestratorPlugin(OrchestratorPlugin):
    """Runs each product as one Dagster job in a code location of its own."""

    metadata: ClassVar[PluginMetadata] = PluginMetadata(
        name="dagster",
        version=version("floe-orchestrator-dagster"),
        instrumentation="floe.dagster",
    )

    max_concurrent_runs: int = Field(4, ge=1, description="How many runs the daemon lets go at once.")
    run_retries: int = Field(0, ge=0, description="How often Dagster itself runs on what failed.")
    maintain_every: Duration = Field("10m", description="How often tables are maintained, at least 1m.")

    def remarks(self, state_dir: Path) -> Sequence[Problem]:
        from floe_orchestrator_dagster.instance import foreign_home

        return foreign_home(state_dir)

    def definitions_source(self, manifest: str | None) -> str:
        return (
            "from floe_orchestrator_dagster.definitions import load_definitions\n\n"
            f"defs = load_definitions(__file__, manifest={manifest!r})\n"
        )

    def write_workspace(self, locations: Sequence[Location]) -> Path:
        return write_workspace(locations, maintain_every_m=-(-seconds(self.maintain_every) // 60))

    def run(
        self,
        location: Location,
        artifacts: CompiledArtifacts,
        *,
        select: Sequence[str],
        full_refresh: bool,
        observe: Callable[[RunEvent], None],
    ) -> RunResult:
        return _execute(
            location, artifacts, observe, root_run_id=None, select=select, full_refresh=full_refresh
        )

    def retry(
        self,
        location: Location,
        artifacts: CompiledArtifacts,
        run_id: str,
        *,
        observe: Callable[[RunEvent], None],
    ) -> RunResult:
        first = Ledger(location.state_dir).attempt(run_id, 1)
        return _execute(
            location, artifacts, observe, root_run_id=run_id, select=(), full_refresh=first.full_refresh
        )

    def check_port(self, state_dir: Path, port: int) -> None:
        from floe_orchestrator_dagster.server import check_port

        check_port(state_dir, port)

    def serve(self, locations: Sequence[Location], *, port: int, keep: bool) -> Served:
        from floe_orchestrator_dagster.server import serve

        workspace, most = self.write_workspace(locations), self.max_concurrent_runs
        return serve(locations[0].state_dir, workspace, max_concurrent_runs=most, port=port, keep=keep)

    def serving(self, state_dir: Path) -> Served | None:
        from floe_orchestrator_dagster.server import serving

        return serving(state_dir)

    def stop(self, state_dir: Path) -> bool:
        from floe_orchestrator_dagster.server import stop

        return stop(state_dir)

    def sensor_definition(
        self,
        location: Location,
        artifacts: CompiledArtifacts,
        job: UnresolvedAssetJobDefinition,
    ) -> Any:
        from floe_orchestrator_dagster.sensors import health_check_sensor

        return health_check_sensor(location, artifacts, job)


def _execute(
    location: Location,
    artifacts: CompiledArtifacts,
    observe: Callable[[RunEvent], None],
    *,
    root_run_id: str | None,
    select: Sequence[str],
    full_refresh: bool,
) -> RunResult:
    refuse_living_rival(location.state_dir, artifacts.metadata.product_name, DEFAULT_ENVIRONMENT)
    from floe_orchestrator_dagster.dead_runs import report_dead_runs
    from floe_orchestrator_dagster.execution import execute_job
    from floe_orchestrator_dagster.instance import make_storage, open_instance

    watching = Watcher(observe)
    make_storage(location.state_dir)
    with open_instance(location.state_dir) as instance, watched(watching):
        ended = execute_job(
            instance,
            location,
            artifacts,
            select=select,
            full_refresh=full_refresh,
            root_run_id=root_run_id,
        )
        report_dead_runs(instance, location.state_dir, [artifacts.dagster.location_name])
    if watching.error:
        raise watching.error
    result = Ledger(location.state_dir).newest(root_run_id or ended.run_id)
    if result.published and not ended.is_success:
        raise WorkError(
            Problem(
                "FLOE-E511",
                f"run '{result.run_id}' was published, but Dagster could not record its materializations",
                hint=f"open the run in Dagster for the reason: {ended.run_id}",
            )
        )
    return result
