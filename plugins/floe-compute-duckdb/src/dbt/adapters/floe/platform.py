"""Finding the platform of a dbt project, for dbt that was called by hand."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from dbt_common.exceptions import DbtRuntimeError

from floe_core.compiler import load_artifacts
from floe_core.errors import FloeError, Problem, SpecError, shown
from floe_core.location import locate
from floe_core.platform import Platform
from floe_core.plugins.dbt import DbtLocation
from floe_core.run_lock import run_of_product
from floe_core.schemas.artifacts import CompiledArtifacts
from floe_iceberg import IcebergTableManager

_MAINTENANCE_WAIT_S = 600


class Opened(NamedTuple):
    """What the product was compiled to, and the catalog its tables are in.

    ``hold`` keeps maintenance off the tables for as long as anybody has it; engines spill into ``tmp``.
    """

    artifacts: CompiledArtifacts
    lake: IcebergTableManager
    hold: ExitStack
    tmp: Path


def opened(project_dir: Path) -> Opened:
    """Open the catalog of the product whose dbt project this is; an error when it is not compiled."""
    try:
        return _opened(project_dir.resolve())
    except FloeError as error:
        raise DbtRuntimeError(str(error)) from error


def _opened(project_dir: Path) -> Opened:
    location = locate(cwd=project_dir)
    artifacts = load_artifacts(location)
    if DbtLocation.of(location, artifacts.metadata.dbt_project).project_dir.resolve() != project_dir:
        raise SpecError(
            Problem(
                "FLOE-E417",
                f"'{shown(project_dir)}' is not the dbt project of '{artifacts.metadata.product_name}'",
                hint="add a floe.yaml beside it, then: floe compile",
            )
        )
    platform = Platform(artifacts.plugins)
    lake = platform.catalog.open(platform.storage, location.state_dir)
    assert isinstance(lake, IcebergTableManager)  # as in a run: the compute plugin has no other
    hold = ExitStack()
    product = artifacts.metadata.product_name
    hold.enter_context(run_of_product(location.state_dir, product, wait_s=_MAINTENANCE_WAIT_S))
    return Opened(artifacts, lake, hold, platform.compute.tmp_dir(location.state_dir))
