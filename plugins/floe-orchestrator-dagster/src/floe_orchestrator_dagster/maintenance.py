"""Maintenance by the clock: old rows, snapshots and files go, product by product."""

from collections.abc import Mapping

import dagster as dg

from floe_core.compilation.names import sql_name
from floe_core.errors import ConflictError
from floe_core.lake import TableMaintenance
from floe_core.location import Location
from floe_core.maintenance import maintain
from floe_core.run_lock import run_lock
from floe_core.schemas.artifacts import CompiledArtifacts
from floe_orchestrator_dagster.schedules import cron

JOB = "maintenance"
# maintenance never takes the place of a run: it waits until no product does
_TAGS = {"dagster/priority": "-1"}


def maintenance_job(products: Mapping[str, Location]) -> dg.JobDefinition:
    """The job that maintains every table of every product; one that is running is left for the next time.

    A product that fails leaves the others alone.
    """

    def op_of(name: str, product: Location) -> dg.OpDefinition:
        @dg.op(name=f"maintain_{sql_name(name)}")
        def maintain_tables(context: dg.OpExecutionContext) -> None:
            artifacts = CompiledArtifacts.model_validate_json(product.artifacts_path.read_bytes())
            try:
                with run_lock(product.state_dir, context.run_id):  # tells a living run from a dead one
                    done = maintain(product, artifacts)
            except ConflictError as error:
                context.log.info(f"left for the next time: {error.problems[0].message}")
                return
            for table in done:
                context.log.info(_told(table))

        return maintain_tables

    ops = [op_of(name, product) for name, product in products.items()]

    @dg.job(
        name=JOB,
        description="Delete old rows, expire snapshots, compact, and remove files nobody needs.",
        executor_def=dg.in_process_executor,
        tags=_TAGS,
    )
    def maintenance() -> None:
        for op in ops:
            op()

    return maintenance


def maintenance_schedule(job: dg.JobDefinition, every_m: int) -> dg.ScheduleDefinition:
    return dg.ScheduleDefinition(
        name=f"{JOB}_schedule",
        job=job,
        cron_schedule=cron(every_m),
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )


def _told(table: TableMaintenance) -> str:
    return (
        f"{table.table}: {table.rows_deleted} old rows deleted, {len(table.snapshots_expired)} snapshots"
        f" expired, {table.files_compacted} files compacted, {table.files_removed} files removed"
    )
