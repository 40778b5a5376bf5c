"""A product's tables as one multi-asset, which is one run, which is one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
from dagster._core.errors import DagsterExecutionInterruptedError
from dagster._core.storage.tags import ASSET_RESUME_RETRY_TAG, RESUME_RETRY_TAG
from dagster._utils.interrupts import raise_interrupts_as

from floe_core import telemetry
from floe_core.compiler import load_artifacts
from floe_core.errors import FloeError, Problem, WorkError
from floe_core.ledger import Ledger
from floe_core.location import Location
from floe_core.resumption import dbt_selector
from floe_core.run import RunRequest, execute
from floe_core.run_telling import materializing
from floe_core.schemas.artifacts import CompiledArtifacts
from floe_orchestrator_dagster.assets.keys import AssetKeys
from floe_orchestrator_dagster.assets.outcome import check_results, materializations
from floe_orchestrator_dagster.assets.partitions import partitions_of, window_of
from floe_orchestrator_dagster.assets.specs import asset_specs
from floe_orchestrator_dagster.assets.telling import Teller
from floe_orchestrator_dagster.names import check_name, tables
from floe_orchestrator_dagster.observing import Watcher, watcher
from floe_orchestrator_dagster.outline import Outline
from floe_orchestrator_dagster.tags import FULL_REFRESH, SELECT
from floe_orchestrator_dagster.tracing import SCOPE

Event = dg.MaterializeResult[None] | dg.AssetMaterialization | dg.AssetCheckResult | dg.AssetCheckEvaluation


def build_asset(location: Location, outline: Outline, digest: str, keys: AssetKeys) -> dg.AssetsDefinition:
    """The multi-asset of all seeds and models, with their tests as asset checks.

    ``digest`` is that of the artifact the outline is of; the rest of it is read when something runs.
    """

    @dg.multi_asset(
        name=f"build_{outline.dagster.job_name}",  # a job of one name with its step would not load
        specs=asset_specs(location, outline, keys),
        check_specs=[
            dg.AssetCheckSpec(
                name=check_name(test), asset=keys.of_tables[table.unique_id], blocking=test.blocking
            )
            for table in tables(outline)
            for test in table.tests
        ],
        can_subset=True,
        # a backfill is one run: all of its partitions are published together
        backfill_policy=dg.BackfillPolicy.single_run() if partitions_of(outline) else None,
    )
    def build(context: dg.AssetExecutionContext) -> Iterator[Event]:
        watching = watcher()
        told = Teller(context, watching)
        with telemetry.session():  # one, so that whoever does not answer is waited for only once
            with _as_dagster_ends_it(context, watching):
                artifacts = _current(location, digest)
                keys = AssetKeys(artifacts)
                request = _request(context, location, artifacts, keys)
                result = execute(location, artifacts, request, told)
            yield from check_results(context, artifacts, keys, result)
            if result.state != "succeeded":
                raise dg.Failure(description=result.reason, allow_retries=False)
            with materializing(location, artifacts, result, scope=SCOPE) as tell:
                yield from materializations(artifacts, keys, result, told, request.window, tell)

    return build


@contextmanager
def _as_dagster_ends_it(context: dg.AssetExecutionContext, watching: Watcher) -> Iterator[None]:
    """Give Dagster's words for being interrupted and for failing; the watcher gets the error itself."""
    try:
        with raise_interrupts_as(KeyboardInterrupt):  # dbt knows how to stop on this one
            yield
    except KeyboardInterrupt as error:
        context.instance.report_run_canceling(context.run)  # else Dagster calls it a failure
        raise DagsterExecutionInterruptedError from error
    except FloeError as error:
        watching.error = error
        raise dg.Failure(description=str(error), allow_retries=False) from error


def _current(location: Location, digest: str) -> CompiledArtifacts:
    """The artifact, refused when it is not the one this code location was loaded with."""
    artifacts = load_artifacts(location)
    if artifacts.digest != digest:
        raise WorkError(
            Problem(
                "FLOE-E504",
                f"'{artifacts.metadata.product_name}' was compiled again after this code location was loaded",
                hint="reload the code location, then run again",
            )
        )
    return artifacts


def _request(
    context: dg.AssetExecutionContext, location: Location, artifacts: CompiledArtifacts, keys: AssetKeys
) -> RunRequest:
    run = context.run
    run_id = run.root_run_id or run.run_id
    return RunRequest(
        run_id=run_id,
        attempt=1 + max((r.attempt for r in Ledger(location.state_dir).find(run_id)), default=0),
        engine_run_id=run.run_id,
        select=_selection(context, keys),
        full_refresh=run.tags.get(FULL_REFRESH) == "true",
        resume="true" in (run.tags.get(RESUME_RETRY_TAG), run.tags.get(ASSET_RESUME_RETRY_TAG)),
        window=window_of(partitions_of(artifacts), context),
    )


def _selection(context: dg.AssetExecutionContext, keys: AssetKeys) -> tuple[str, ...]:
    """What dbt is to build: as the tag says, else the assets picked in the UI; nothing when it is all."""
    if SELECT in context.run.tags:
        return tuple(context.run.tags[SELECT].split())
    picked = context.selected_asset_keys
    if len(picked) == len(keys.of_tables):
        return ()
    return tuple(dbt_selector(unique_id) for unique_id, key in keys.of_tables.items() if key in picked)
