"""Maintenance after every good run: old rows, snapshots and files go."""

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from floe_core.errors import ConflictError
from floe_core.lake import TableMaintenance
from floe_core.location import Location
from floe_core.maintenance import maintain
from floe_core.schemas.artifacts import CompiledArtifacts


def maintenance_job(location: Location, artifacts: CompiledArtifacts) -> dg.JobDefinition:
    """The job that maintains every table of the product; beside a run that is going it does nothing."""

    @dg.op(name=f"maintain_{artifacts.dagster.job_name}")
    def maintain_tables(context: dg.OpExecutionContext) -> None:
        try:
            done = maintain(location, artifacts)
        except ConflictError as error:
            context.log.info(f"left for the next time: {error.problems[0].message}")
            return
        for table in done:
            context.log.info(_told(table))

    @dg.job(name=f"{artifacts.dagster.job_name}_maintenance", executor_def=dg.in_process_executor)
    def maintenance() -> None:
        maintain_tables()

    return maintenance


def maintenance_sensor(
    artifacts: CompiledArtifacts, job: UnresolvedAssetJobDefinition, maintenance: dg.JobDefinition
) -> dg.SensorDefinition:
    """Ask for maintenance when a run has succeeded, whoever started it."""

    @dg.run_status_sensor(
        name=f"{artifacts.dagster.job_name}_maintenance_after_run",
        run_status=dg.DagsterRunStatus.SUCCESS,
        monitored_jobs=[job],
        request_job=maintenance,
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def after_run(context: dg.RunStatusSensorContext) -> dg.RunRequest:
        return dg.RunRequest(run_key=f"after {context.dagster_run.run_id}")

    return after_run


def _told(table: TableMaintenance) -> str:
    return (
        f"{table.table}: {table.rows_deleted} old rows deleted, {len(table.snapshots_expired)} snapshots"
        f" expired, {table.files_compacted} files compacted, {table.files_removed} files removed"
    )
