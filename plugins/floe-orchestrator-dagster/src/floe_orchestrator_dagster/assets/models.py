"""A product's tables as one multi-asset, which is one run, which is one transaction."""

from collections.abc import Iterator
from graphlib import TopologicalSorter

import dagster as dg
from dagster._core.errors import DagsterExecutionInterruptedError
from dagster._core.storage.tags import RESUME_RETRY_TAG
from dagster._utils.interrupts import raise_interrupts_as

from floe_core.compiler import load_artifacts
from floe_core.errors import FloeError, Problem, WorkError
from floe_core.events import ModelFinished, ModelStarted, Published, RunEvent, TestFinished
from floe_core.ledger import Ledger
from floe_core.location import Location
from floe_core.resumption import dbt_selector
from floe_core.run import RunRequest, execute
from floe_core.run_result import RunResult, TestResult
from floe_core.schemas.artifacts import CompiledArtifacts, Seed, Transform
from floe_orchestrator_dagster.names import asset_path, check_name, tables
from floe_orchestrator_dagster.observing import Watcher, watcher
from floe_orchestrator_dagster.tags import FULL_REFRESH, SELECT

Event = dg.MaterializeResult[None] | dg.AssetCheckResult


def build_asset(location: Location, artifacts: CompiledArtifacts) -> dg.AssetsDefinition:
    """The multi-asset of all seeds and models, with their tests as asset checks."""
    product = artifacts.metadata.product_name
    by_key = {dg.AssetKey(asset_path(product, t.table)): t for t in tables(artifacts)}

    @dg.multi_asset(
        name=f"build_{artifacts.dagster.job_name}",  # a job of one name with its step would not load
        specs=[_spec(artifacts, table) for table in tables(artifacts)],
        check_specs=[
            dg.AssetCheckSpec(
                name=check_name(test), asset=asset_path(product, t.table), blocking=test.blocking
            )
            for t in tables(artifacts)
            for test in t.tests
        ],
        can_subset=True,
    )
    def build(context: dg.AssetExecutionContext) -> Iterator[Event]:
        selected = [by_key[key] for key in by_key if key in context.selected_asset_keys]
        request = _request(context, location, selected, whole=len(selected) == len(by_key))
        result = _execute(context, location, artifacts, request)
        yield from _check_results(context, artifacts, result)
        if result.state != "succeeded":
            raise dg.Failure(description=result.reason, allow_retries=False)
        yield from _materializations(artifacts, result)

    return build


def _execute(
    context: dg.AssetExecutionContext, location: Location, artifacts: CompiledArtifacts, request: RunRequest
) -> RunResult:
    watching = watcher()
    try:
        with raise_interrupts_as(KeyboardInterrupt):  # dbt knows how to stop on this one
            _stay_current(location, artifacts)
            return execute(location, artifacts, request, _Told(context, watching))
    except KeyboardInterrupt as error:
        context.instance.report_run_canceling(context.run)  # else Dagster calls it a failure
        raise DagsterExecutionInterruptedError from error
    except FloeError as error:
        watching.error = error
        raise dg.Failure(description=str(error), allow_retries=False) from error


def _stay_current(location: Location, artifacts: CompiledArtifacts) -> None:
    """Refuse to run what this code location was loaded with once the files say something else."""
    if load_artifacts(location).digest != artifacts.digest:
        raise WorkError(
            Problem(
                "FLOE-E504",
                f"'{artifacts.metadata.product_name}' was compiled again after this code location was loaded",
                hint="reload the code location, then run again",
            )
        )


def _spec(artifacts: CompiledArtifacts, table: Seed | Transform) -> dg.AssetSpec:
    metadata = artifacts.metadata
    layer = "bronze" if isinstance(table, Seed) else table.layer
    return dg.AssetSpec(
        key=asset_path(metadata.product_name, table.table),
        deps=[_dependency(artifacts, upstream) for upstream in getattr(table, "depends_on", ())],
        group_name=layer,
        description=table.description,
        kinds={"dbt", "iceberg", artifacts.plugins.compute.type},
        tags=dict.fromkeys(table.tags, ""),
        metadata={
            "dagster/column_schema": dg.TableSchema(
                [dg.TableColumn(c.name, c.type, description=c.description) for c in table.columns]
            )
        },
    )


def _dependency(artifacts: CompiledArtifacts, unique_id: str) -> dg.AssetKey:
    known = {t.unique_id: t.table for t in tables(artifacts)}
    if unique_id in known:
        return dg.AssetKey(asset_path(artifacts.metadata.product_name, known[unique_id]))
    return dg.AssetKey(unique_id.split(".")[2:])  # a source: its name and its table


def _request(
    context: dg.AssetExecutionContext, location: Location, selected: list[Seed | Transform], *, whole: bool
) -> RunRequest:
    run = context.run
    run_id = run.root_run_id or run.run_id
    select = tuple(run.tags[SELECT].split()) if SELECT in run.tags else ()
    if not select and not whole:
        select = tuple(dbt_selector(table.unique_id) for table in selected)
    return RunRequest(
        run_id=run_id,
        attempt=1 + max((r.attempt for r in Ledger(location.state_dir).find(run_id)), default=0),
        engine_run_id=run.run_id,
        select=select,
        full_refresh=run.tags.get(FULL_REFRESH) == "true",
        resume=run.tags.get(RESUME_RETRY_TAG) == "true",
    )


class _Told:
    """Passes each step on to Dagster's log and to whoever started the run in this process."""

    def __init__(self, context: dg.AssetExecutionContext, watching: Watcher) -> None:
        self._log = context.log
        self._observe = watching.observe

    def __call__(self, event: RunEvent) -> None:
        match event:
            case ModelStarted():
                self._log.info(f"{event.index}/{event.total} {event.name} started")
            case ModelFinished():
                rows = "" if event.rows is None else f", {event.rows} rows"
                self._log.info(f"{event.name} {event.state} in {event.seconds:.2f} s{rows}")
                if event.error:
                    self._log.error(f"{event.name}: {event.error}")
            case TestFinished(state="passed"):
                self._log.info(f"test {event.name} passed")
            case TestFinished():
                self._log.warning(f"test {event.name} {event.state}: {event.error or event.failures}")
            case Published():
                self._log.info(f"published {event.tables} tables")
        self._observe(event)


def _check_results(
    context: dg.AssetExecutionContext, artifacts: CompiledArtifacts, result: RunResult
) -> Iterator[dg.AssetCheckResult]:
    ended = {test.unique_id: test for test in result.tests if test.state != "skipped"}
    for table in tables(artifacts):
        key = dg.AssetKey(asset_path(artifacts.metadata.product_name, table.table))
        for ref in table.tests:
            check = dg.AssetCheckKey(key, check_name(ref))
            test = ended.get(ref.unique_id)
            if test and check in context.selected_asset_check_keys:
                yield _check_result(check, test)


def _check_result(check: dg.AssetCheckKey, test: TestResult) -> dg.AssetCheckResult:
    metadata: dict[str, int | str] = {"failures": test.failures}
    if test.error:
        metadata["error"] = test.error
    return dg.AssetCheckResult(
        passed=test.state == "passed",
        asset_key=check.asset_key,
        check_name=check.name,
        severity=dg.AssetCheckSeverity.ERROR if test.blocking else dg.AssetCheckSeverity.WARN,
        metadata=metadata,
    )


def _materializations(
    artifacts: CompiledArtifacts, result: RunResult
) -> Iterator[dg.MaterializeResult[None]]:
    """Upstream first, as Dagster wants it."""
    known = {table.unique_id: table for table in tables(artifacts)}
    upstream = {node.unique_id: set(node.depends_on) & set(known) for node in artifacts.transforms}
    order = list(TopologicalSorter(upstream).static_order())
    written = [model for model in result.models if model.snapshot_id is not None]
    for model in sorted(
        written, key=lambda it: order.index(it.unique_id) if it.unique_id in upstream else -1
    ):
        yield dg.MaterializeResult(
            asset_key=asset_path(artifacts.metadata.product_name, known[model.unique_id].table),
            metadata={
                "row_count": model.rows,
                "dagster/row_count": model.rows,
                "snapshot_id": str(model.snapshot_id),  # too large for a number in a browser
                "run_id": result.run_id,
                "trace_id": result.trace_id,
            },
        )
