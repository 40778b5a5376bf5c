"""A product now, beside the tables that its last published runs have left."""

from __future__ import annotations

from dataclasses import dataclass

from floe_core.artifact_store import kept_artifacts
from floe_core.compatibility import Difference
from floe_core.compilation.release import compare_here
from floe_core.lake import Lake, PublishedTable
from floe_core.location import Location
from floe_core.preview.builds import last_builds
from floe_core.preview.work import Work, Works
from floe_core.run_result import RunResult
from floe_core.schemas.artifacts import CompiledArtifacts


@dataclass(frozen=True)
class Preview:
    """What a run would do; ``removed`` are tables that no model or seed writes any more.

    ``difference`` is that to the version of the last published run, None where there is none (any more).
    """

    artifacts: CompiledArtifacts
    environment: str
    last_run: RunResult | None
    works: tuple[Work, ...]
    removed: tuple[PublishedTable, ...]
    difference: Difference | None

    @property
    def has_work(self) -> bool:
        return any(work.state != "unchanged" for work in self.works)


def preview(location: Location, artifacts: CompiledArtifacts, lake: Lake, environment: str) -> Preview:
    """Compare the artifact with the catalog and the ledger; changes nothing."""
    product, nodes = artifacts.metadata.product_name, artifacts.nodes
    namespaces = sorted({product, *(node.namespace for node in nodes)})
    tables = {(table.namespace, table.name): table for table in lake.tables(namespaces)}
    wanted = {node.unique_id for node in nodes}
    last_run, builds = last_builds(location.state_dir, product, environment, wanted)
    queries = {node.unique_id for node in artifacts.transforms if not node.stored}
    written = {(node.namespace, node.table) for node in nodes if node.unique_id not in queries}
    before = kept_artifacts(location.state_dir, last_run.artifact_digest) if last_run else None
    return Preview(
        artifacts=artifacts,
        environment=environment,
        last_run=last_run,
        works=Works(artifacts, tables, builds, before).all(),
        removed=tuple(table for place, table in tables.items() if place not in written),
        difference=_difference(location, before, artifacts) if before else None,
    )


def _difference(location: Location, before: CompiledArtifacts, after: CompiledArtifacts) -> Difference:
    return compare_here(before, after, location.product_dir, location.manifest_path)
