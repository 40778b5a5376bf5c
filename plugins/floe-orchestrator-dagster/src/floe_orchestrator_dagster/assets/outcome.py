"""What a run came to, as Dagster's checks and materializations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from graphlib import TopologicalSorter
from typing import Any

import dagster as dg
from dagster._core.definitions.data_version import DATA_VERSION_TAG

from floe_core.events import ModelFinished, TestFinished
from floe_core.run_result import RunResult
from floe_core.schemas.artifacts import CompiledArtifacts
from floe_orchestrator_dagster.assets.columns import column_lineage, column_schema
from floe_orchestrator_dagster.assets.keys import AssetKeys
from floe_orchestrator_dagster.assets.partitions import Window, partitions_built, partitions_of
from floe_orchestrator_dagster.assets.telling import Teller
from floe_orchestrator_dagster.names import check_name, tables


def check_results(
    context: dg.AssetExecutionContext, artifacts: CompiledArtifacts, keys: AssetKeys, result: RunResult
) -> Iterator[dg.AssetCheckResult | dg.AssetCheckEvaluation]:
    """The tests that ran; one that was skipped has no result."""
    ended = {test.unique_id: test for test in result.tests if test.state != "skipped"}
    wanted, partitioned = context.selected_asset_check_keys, partitions_of(artifacts) is not None
    for table in tables(artifacts):
        for ref in table.tests:
            check = dg.AssetCheckKey(keys.of_tables[table.unique_id], check_name(ref))
            test = ended.get(ref.unique_id)
            if test and check in wanted:
                found = _check_result(check, test)
                yield _evaluation(found) if partitioned else found


def _check_result(check: dg.AssetCheckKey, test: TestFinished) -> dg.AssetCheckResult:
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


def _evaluation(found: dg.AssetCheckResult) -> dg.AssetCheckEvaluation:
    """The same as an event, made without Dagster's look for the partition that was checked."""
    assert found.asset_key is not None  # both are given above
    assert found.check_name is not None
    return dg.AssetCheckEvaluation(
        asset_key=found.asset_key,
        check_name=found.check_name,
        passed=found.passed,
        severity=found.severity,
        metadata=found.metadata,
    )


def materializations(
    artifacts: CompiledArtifacts,
    keys: AssetKeys,
    result: RunResult,
    told: Teller,
    window: Window | None,
    tell: Callable[[ModelFinished], None],
) -> Iterator[dg.MaterializeResult[None] | dg.AssetMaterialization]:
    """Every table that was written, upstream first, as Dagster wants it; its version is its snapshot.

    Where some tables have partitions these are events, not results: for a run without a range Dagster
    would ask which partitions were read. ``window`` is the range of the run; ``tell`` hears of each table.
    """
    partitions = partitions_of(artifacts)
    nodes = {node.unique_id: node for node in artifacts.nodes}
    for model in _in_order(artifacts, result):
        tell(model)
        key, node = keys.of_tables[model.unique_id], nodes[model.unique_id]
        version = str(model.snapshot_id)
        metadata = _metadata(model, result) | {"dagster/column_schema": column_schema(node)}
        if lineage := column_lineage(node, keys):
            metadata["dagster/column_lineage"] = lineage
        if partitions is None:
            yield dg.MaterializeResult(asset_key=key, metadata=metadata, data_version=dg.DataVersion(version))
            continue
        batches = told.batches(model.unique_id)
        if not batches and window and getattr(node, "microbatch", None):
            batches = [window]  # done by an earlier attempt of the run
        built = partitions_built(partitions, batches)
        for partition in built or (None,):
            yield dg.AssetMaterialization(
                key, metadata=metadata, partition=partition, tags={DATA_VERSION_TAG: version}
            )


def _in_order(artifacts: CompiledArtifacts, result: RunResult) -> list[ModelFinished]:
    upstream = {node.unique_id: set(node.depends_on) for node in artifacts.transforms}
    order = {unique_id: place for place, unique_id in enumerate(TopologicalSorter(upstream).static_order())}
    written = [model for model in result.models if model.snapshot_id is not None]
    return sorted(written, key=lambda model: order.get(model.unique_id, -1))


def _metadata(model: ModelFinished, result: RunResult) -> dict[str, Any]:
    return {
        "row_count": model.rows,
        "dagster/row_count": model.rows,
        "snapshot_id": str(model.snapshot_id),  # too large for a number in a browser
        "run_id": result.run_id,
        "trace_id": result.trace_id,
    }
