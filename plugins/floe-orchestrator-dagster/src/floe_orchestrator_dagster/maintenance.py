"""Maintenance by the clock: old rows, snapshots and files go, product by product."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime

import dagster as dg
from dagster._core.storage.tags import SCHEDULED_EXECUTION_TIME_TAG

from floe_core.compilation.names import sql_name
from floe_core.errors import ConflictError
from floe_core.lake import TableMaintenance
from floe_core.location import Location
from floe_core.maintenance import maintain
from floe_core.run_lock import run_lock
from floe_core.schemas.artifacts import CompiledArtifacts
from floe_orchestrator_dagster.schedules import cron

JOB = "maintenance"
_PATIENCE_S = 300
_LOOK_S = 1.0
# maintenance never takes the place of a run: it waits until no product does
_TAGS = {"dagster/priority": "-1"}


def maintenance_job(products: Mapping[str, Location]) -> dg.JobDefinition:
    """The job that maintains every table of every product; one that is running is left for the next time.

    A product that fails leaves the others alone.
    """

    def op_of(name: str, product: Location) -> dg.OpDefinition:
        @dg.op(name=f"maintain_{sql_name(name)}")
        def maintain_tables(context: dg.OpExecutionContext) -> None:
            with run_lock(product.state_dir, context.run_id):  # tells a living run from a dead one
                for line in _maintained(product, _moment(context)):
                    context.log.info(line)

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


def _maintained(product: Location, moment: datetime) -> list[str]:
    """Maintain the product and say what was done; a run of it, which often starts with us, is waited for."""
    artifacts = CompiledArtifacts.model_validate_json(product.artifacts_path.read_bytes())
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            return [_told(table) for table in maintain(product, artifacts, now=moment)]
        except ConflictError as error:
            if time.monotonic() > deadline:
                return [f"left for the next time: {error.problems[0].message}"]
        time.sleep(_LOOK_S)


def _moment(context: dg.OpExecutionContext) -> datetime:
    """What the clock says: the schedule's, if that asked for it."""
    scheduled = context.run.tags.get(SCHEDULED_EXECUTION_TIME_TAG)
    return datetime.fromisoformat(scheduled) if scheduled else datetime.now(UTC)


def _told(table: TableMaintenance) -> str:
    return (
        f"{table.table}: {table.rows_deleted} old rows deleted, {len(table.snapshots_expired)} snapshots"
        f" expired, {table.files_compacted} files compacted, {table.files_removed} files removed"
    )
