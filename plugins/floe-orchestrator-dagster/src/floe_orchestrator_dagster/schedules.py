"""When a product runs by itself."""

from __future__ import annotations

import dagster as dg

from floe_core.schemas.artifacts import CompiledArtifacts


def schedules(
    artifacts: CompiledArtifacts, job: dg.UnresolvedAssetJobDefinition
) -> list[dg.ScheduleDefinition]:
    """The product's schedule, running from the start; none when floe.yaml asks for none."""
    schedule = artifacts.dagster.schedule
    if schedule is None:
        return []
    return [
        dg.ScheduleDefinition(
            name=f"{artifacts.dagster.job_name}_schedule",
            job=job,
            cron_schedule=schedule["cron"],
            execution_timezone=schedule["timezone"],
            default_status=dg.DefaultScheduleStatus.RUNNING,
        )
    ]
