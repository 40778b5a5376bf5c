"""What keeps a product from starting a second run by itself."""

from __future__ import annotations

import dagster as dg
from dagster._core.storage.dagster_run import NOT_FINISHED_STATUSES

from floe_core.errors import ConflictError
from floe_core.location import Location
from floe_core.recovery import refuse_living_rival
from floe_core.run import DEFAULT_ENVIRONMENT
from floe_orchestrator_dagster.tags import PRODUCT


def rival(instance: dg.DagsterInstance, location: Location, product: str) -> str | None:
    """Which run of the product is going or about to; None when there is none.

    The ledger knows every run that has begun, Dagster also those that wait for their process.
    """
    try:
        refuse_living_rival(location.state_dir, product, DEFAULT_ENVIRONMENT)
    except ConflictError as error:
        return error.problems[0].message
    asked = dg.RunsFilter(tags={PRODUCT: product}, statuses=NOT_FINISHED_STATUSES)
    for run in instance.get_runs(asked, limit=1):
        return f"run '{run.run_id}' of product '{product}' is about to start"
    return None
