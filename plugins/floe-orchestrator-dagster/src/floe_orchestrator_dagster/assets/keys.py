"""The asset keys of everything a product writes and reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import dagster as dg

from floe_core.schemas.artifacts import SourceTable
from floe_orchestrator_dagster.names import Product, asset_name, asset_path, tables
from floe_orchestrator_dagster.outline import OutlineSource


@dataclass(frozen=True)
class AssetKeys:
    """Looked up by dbt's unique id, or by the name of the dataset."""

    artifacts: Product

    @cached_property
    def of_tables(self) -> Mapping[str, dg.AssetKey]:
        product = self.artifacts.metadata.product_name
        return {t.unique_id: dg.AssetKey(asset_path(product, t.table)) for t in tables(self.artifacts)}

    @cached_property
    def of_sources(self) -> Mapping[str, dg.AssetKey]:
        return {source.unique_id: _of_source(source) for source in self.artifacts.sources}

    @cached_property
    def of_datasets(self) -> Mapping[str, dg.AssetKey]:
        """The keys by namespace and table, as column lineage names them."""
        nodes = (*self.artifacts.sources, *tables(self.artifacts))
        found = {f"{node.namespace}.{node.table}": self.find(node.unique_id) for node in nodes}
        return {dataset: key for dataset, key in found.items() if key}

    def find(self, unique_id: str) -> dg.AssetKey | None:
        """The key of a table or a source; None for what is neither, such as an ephemeral model."""
        return self.of_tables.get(unique_id) or self.of_sources.get(unique_id)


def _of_source(source: SourceTable | OutlineSource) -> dg.AssetKey:
    """A table of another product is named as that product names it, so that their graphs are one."""
    if source.product:
        return dg.AssetKey(asset_path(source.product, source.table))
    return dg.AssetKey([asset_name(source.source_name), asset_name(source.name)])
