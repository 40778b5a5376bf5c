"""What starts a product's first run: not a clock, but a healthy platform."""

from __future__ import annotations

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from floe_core.ledger import Ledger
from floe_core.location import Location
from floe_core.platform import Platform
from floe_core.schemas.artifacts import CompiledArtifacts


def health_check_sensor(
    location: Location, artifacts: CompiledArtifacts, job: UnresolvedAssetJobDefinition
) -> dg.SensorDefinition:
    """Start ``job`` once, as soon as catalog and storage are healthy and the product never ran."""
    platform = Platform(artifacts.plugins)

    @dg.sensor(
        name=f"{artifacts.dagster.job_name}_first_run",
        job=job,
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def first_run() -> dg.SkipReason | dg.RunRequest:
        if Ledger(location.state_dir).runs(artifacts.metadata.product_name, limit=1):
            return dg.SkipReason("the product has run before")
        health = {
            "catalog": platform.catalog.health(location.state_dir),
            "storage": platform.storage.health(location.state_dir),
        }
        waiting = [f"{service}: {state.reason}" for service, state in health.items() if not state.healthy]
        if waiting:
            return dg.SkipReason("waiting for " + "; ".join(waiting))
        return dg.RunRequest(run_key="first run")

    return first_run
