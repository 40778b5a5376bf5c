"""The platform's own code location: what concerns all products, or none of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import dagster as dg

from floe_core.lake import Lake
from floe_core.location import Location
from floe_core.platform import Platform
from floe_core.schemas.artifacts import CompiledArtifacts
from floe_orchestrator_dagster.dead_runs import sweep
from floe_orchestrator_dagster.maintenance import maintenance_job, maintenance_schedule
from floe_orchestrator_dagster.workspace import platform_name


def load_platform(
    file: str, *, products: Mapping[str, str], manifest: str | None, maintain_every_m: int
) -> dg.Definitions:
    """The definitions of the platform whose ``platform_definitions.py`` is ``file``.

    ``products`` are the products' floe.yaml by name, relative to that file's folder, as ``manifest`` is.
    """
    folder = Path(file).resolve().parent
    manifest_path = (folder / manifest).resolve() if manifest else None
    locations = {name: Location((folder / spec).resolve(), manifest_path) for name, spec in products.items()}
    job = maintenance_job(locations)
    return dg.Definitions(
        jobs=[job],
        schedules=[maintenance_schedule(job, maintain_every_m)],
        sensors=[dead_run_sensor(locations)],
        executor=dg.in_process_executor,
    )


def dead_run_sensor(products: Mapping[str, Location]) -> dg.SensorDefinition:
    """Find runs whose process is gone, and say so to the ledger and to Dagster."""
    any_product = next(iter(products.values()))
    watched = {*products, platform_name(products)}

    def lake() -> Lake:
        artifacts = CompiledArtifacts.model_validate_json(any_product.artifacts_path.read_bytes())
        platform = Platform(artifacts.plugins)
        return platform.catalog.open(platform.storage, any_product.state_dir)

    @dg.sensor(
        name="dead_runs",
        minimum_interval_seconds=15,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def dead_runs(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        found = sweep(context.instance, any_product.state_dir, watched, lake)
        return dg.SkipReason("; ".join(found) or "every run that is going has its process")

    return dead_runs
