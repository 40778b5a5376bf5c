"""What a generated ``definitions.py`` calls: a compiled artifact in, Dagster definitions out."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
from dagster._utils.warnings import disable_dagster_warnings

from floe_core.location import Location
from floe_orchestrator_dagster.assets.keys import AssetKeys
from floe_orchestrator_dagster.assets.models import build_asset
from floe_orchestrator_dagster.assets.specs import source_specs
from floe_orchestrator_dagster.outline import Outline, read_outline
from floe_orchestrator_dagster.schedules import schedules
from floe_orchestrator_dagster.sensors import health_check_sensor, upstream_sensors
from floe_orchestrator_dagster.tags import job_tags
from floe_orchestrator_dagster.tracing import console


def load_definitions(file: str, *, manifest: str | None) -> dg.Definitions:
    """The definitions of the product whose ``definitions.py`` is ``file``.

    ``manifest`` is its path relative to that file's folder; None is the built-in platform. Reads the
    artifact beside the file and nothing of dbt's.
    """
    folder = Path(file).resolve().parent
    location = Location(
        spec_path=folder.parents[1] / "floe.yaml",
        manifest_path=(folder / manifest).resolve() if manifest else None,
    )
    outline, digest = read_outline(location.artifacts_path)
    with disable_dagster_warnings():  # links to code and one run for a backfill are 'beta'
        return _definitions(location, outline, digest)


def _definitions(location: Location, outline: Outline, digest: str) -> dg.Definitions:
    keys = AssetKeys(outline)
    asset = build_asset(location, outline, digest, keys)
    job = dg.define_asset_job(
        outline.dagster.job_name,
        selection=dg.AssetSelection.assets(asset),
        executor_def=dg.in_process_executor,
        tags=job_tags(outline),
    )
    return dg.Definitions(
        assets=[asset, *source_specs(outline, keys)],
        jobs=[job],
        schedules=schedules(location, outline, job),
        sensors=[
            health_check_sensor(location, outline, job),
            *upstream_sensors(location, outline, job),
        ],
        executor=dg.in_process_executor,
        loggers={"console": console},
    )
