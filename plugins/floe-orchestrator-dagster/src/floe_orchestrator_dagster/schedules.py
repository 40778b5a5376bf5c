"""When a product runs by itself."""

from __future__ import annotations

from datetime import UTC, datetime

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from floe_core.location import Location
from floe_core.schemas.values import seconds
from floe_orchestrator_dagster.names import Product
from floe_orchestrator_dagster.rivals import rival
from floe_orchestrator_dagster.tags import unattended

_HOUR_M = 60
_DAY_M = 24 * _HOUR_M
_LATE_S = 120  # the daemon looks every 30 s, and its code servers may have to start first


def schedules(
    location: Location, artifacts: Product, job: UnresolvedAssetJobDefinition
) -> list[dg.ScheduleDefinition]:
    """The product's schedule, running from the start; none when floe.yaml asks for none.

    A tick that comes while a run of the product is going or waiting is skipped: a product never overlaps
    itself. Of the ticks missed while no daemon ran Dagster gives the last; ``catchUp: never`` skips that too.
    """
    said = artifacts.dagster.schedule or {}
    if not said.keys() & {"every", "cron"}:
        return []
    every_m = -(-seconds(said["every"]) // 60) if "every" in said else None
    product, catches_up = artifacts.metadata.product_name, said.get("catchUp", "once") == "once"

    def tick(context: dg.ScheduleEvaluationContext) -> dg.SkipReason | dg.RunRequest:
        if every_m is not None and not _due(context, every_m):
            return dg.SkipReason(f"runs every {every_m} minutes")
        late_s = (datetime.now(UTC) - context.scheduled_execution_time).total_seconds()
        if not catches_up and late_s > _LATE_S:
            return dg.SkipReason(f"missed by {late_s / 60:.0f} minutes, and 'catchUp' is 'never'")
        if going := rival(context.instance, location, product):
            return dg.SkipReason(going)
        return dg.RunRequest(tags=unattended(product))

    return [
        dg.ScheduleDefinition(
            name=f"{artifacts.dagster.job_name}_schedule",
            job=job,
            cron_schedule=said["cron"] if every_m is None else cron(every_m),
            execution_timezone=said.get("timezone", "UTC"),
            execution_fn=tick,
            default_status=dg.DefaultScheduleStatus.RUNNING,
        )
    ]


def is_cron(every_m: int) -> bool:
    """Whether the interval divides an hour or a day, so that a cron expression can say it."""
    return _HOUR_M % every_m == 0 or (every_m % _HOUR_M == 0 and _DAY_M % every_m == 0)


def cron(every_m: int) -> str:
    """The interval as a cron expression, every minute where none can say it."""
    if not is_cron(every_m):
        return "* * * * *"
    if every_m == _DAY_M:
        return "0 0 * * *"
    return f"0 */{every_m // _HOUR_M} * * *" if every_m >= _HOUR_M else f"*/{every_m} * * * *"


def _due(context: dg.ScheduleEvaluationContext, every_m: int) -> bool:
    """Whether a whole number of intervals has passed since 1970: even spacing over hours and days."""
    minute = int(context.scheduled_execution_time.timestamp()) // 60
    return is_cron(every_m) or minute % every_m == 0
