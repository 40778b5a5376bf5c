"""A job run in the caller's own process, on the instance that the UI reads."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import dagster as dg
from dagster._core.code_pointer import FileCodePointer
from dagster._core.definitions.reconstruct import ReconstructableJob, ReconstructableRepository
from dagster._core.execution.api import execute_run
from dagster._core.remote_origin import (
    ManagedGrpcPythonEnvCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_END_TAG,
    ASSET_PARTITION_RANGE_START_TAG,
    PARENT_RUN_ID_TAG,
    PARTITION_NAME_TAG,
    RESUME_RETRY_TAG,
    ROOT_RUN_ID_TAG,
)
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin

from floe_core.location import Location
from floe_core.run_lock import run_lock
from floe_core.schemas.artifacts import CompiledArtifacts
from floe_orchestrator_dagster.dead_runs import process_lock
from floe_orchestrator_dagster.named import named_assets
from floe_orchestrator_dagster.tags import FULL_REFRESH, PRODUCT, SELECT

_RANGE = (PARTITION_NAME_TAG, ASSET_PARTITION_RANGE_START_TAG, ASSET_PARTITION_RANGE_END_TAG)
# the run tells its own story on the terminal; Dagster's goes into the instance
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def execute_job(
    instance: dg.DagsterInstance,
    location: Location,
    artifacts: CompiledArtifacts,
    *,
    select: Sequence[str] = (),
    full_refresh: bool = False,
    root_run_id: str | None = None,
) -> dg.DagsterRun:
    """Run the product's job here and return Dagster's run as it ended, whatever came of it.

    The run is made with the origin of the product's code location, which lets the webserver open it
    and execute it again; with ``root_run_id`` it is that run's next attempt. KeyboardInterrupt passes
    through once Dagster has recorded the cancellation.
    """
    picked = named_assets(artifacts, select)
    job = _job(location, artifacts)
    job = job.get_subset(asset_selection=picked) if picked else job
    tags = {PRODUCT: artifacts.metadata.product_name, FULL_REFRESH: str(full_refresh).lower()}
    if select:
        tags[SELECT] = " ".join(select)
    if root_run_id:
        tags |= _range_of(instance, root_run_id)
        tags |= {RESUME_RETRY_TAG: "true", ROOT_RUN_ID_TAG: root_run_id, PARENT_RUN_ID_TAG: root_run_id}
    run = instance.create_run_for_job(
        job.get_definition(),
        run_config=_QUIET,
        asset_selection=picked,
        tags=tags,
        root_run_id=root_run_id,
        parent_run_id=root_run_id,
        remote_job_origin=_origin(location, artifacts),
        job_code_origin=job.get_python_origin(),
    )
    with run_lock(location.state_dir, process_lock(run.run_id)):
        execute_run(job, run, instance, raise_on_error=False)
    ended = instance.get_run_by_id(run.run_id)
    assert ended is not None  # it was made above
    if ended.status == dg.DagsterRunStatus.CANCELED:
        raise KeyboardInterrupt
    return ended


def _range_of(instance: dg.DagsterInstance, run_id: str) -> dict[str, str]:
    """The tags that say which partitions a run builds."""
    run = instance.get_run_by_id(run_id)
    return {tag: run.tags[tag] for tag in _RANGE if run and tag in run.tags}


def _job(location: Location, artifacts: CompiledArtifacts) -> ReconstructableJob:
    file = location.generated_dir / "definitions.py"
    pointer = FileCodePointer(str(file), "defs", str(file.parent))
    _forget_loaded_definitions()
    return ReconstructableRepository(pointer).get_reconstructable_job(artifacts.dagster.job_name)


def _forget_loaded_definitions() -> None:
    """Dagster loads a definitions file once a process; the product may have been compiled again since."""
    sys.modules.pop("definitions", None)
    ReconstructableJob.get_repository_definition.cache_clear()
    ReconstructableJob.get_definition.cache_clear()


def _origin(location: Location, artifacts: CompiledArtifacts) -> RemoteJobOrigin:
    file = location.generated_dir / "definitions.py"
    target = LoadableTargetOrigin(
        executable_path=sys.executable, python_file=str(file), working_directory=str(file.parent)
    )
    server = ManagedGrpcPythonEnvCodeLocationOrigin(target, location_name=artifacts.dagster.location_name)
    return RemoteJobOrigin(RemoteRepositoryOrigin(server, "__repository__"), artifacts.dagster.job_name)
