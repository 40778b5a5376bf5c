"""The asset keys of everything a product writes and reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import dagster as dg

from floe_core.compilation.names import sql_name
from floe_core.location import Location, find_products, product_name
from floe_core.schemas.artifacts import CompiledArtifacts, SourceTable
from floe_orchestrator_dagster.names import asset_path, tables


@dataclass(frozen=True)
class AssetKeys:
    """Looked up by dbt's unique id; ``products`` are the platform's others, by their name in SQL."""

    artifacts: CompiledArtifacts
    products: Mapping[str, str]

    @classmethod
    def of(cls, location: Location, artifacts: CompiledArtifacts) -> AssetKeys:
        """The keys of a product among its neighbours: what it reads of them is named as they name it."""
        own = artifacts.metadata.product_name
        return cls(artifacts, {sql_name(name): name for name in neighbours(location) if name != own})

    @cached_property
    def of_tables(self) -> Mapping[str, dg.AssetKey]:
        product = self.artifacts.metadata.product_name
        return {t.unique_id: dg.AssetKey(asset_path(product, t.table)) for t in tables(self.artifacts)}

    @cached_property
    def of_sources(self) -> Mapping[str, dg.AssetKey]:
        return {source.unique_id: self._of_source(source) for source in self.artifacts.sources}

    def find(self, unique_id: str) -> dg.AssetKey | None:
        """The key of a table or a source; None for what is neither, such as an ephemeral model."""
        return self.of_tables.get(unique_id) or self.of_sources.get(unique_id)

    def upstream_product(self, source: SourceTable) -> str | None:
        """The product of this platform whose table the source is."""
        return self.products.get(source.sql_schema.lower())

    def _of_source(self, source: SourceTable) -> dg.AssetKey:
        if product := self.upstream_product(source):
            return dg.AssetKey(asset_path(product, source.table))
        return dg.AssetKey([source.source_name, source.name])


def neighbours(location: Location) -> list[str]:
    """The names of all products of the platform; none on the built-in one, which has just this."""
    if location.manifest_path is None:
        return []
    found = find_products(location.product_dir, manifest=location.manifest_path)
    return [name for each in found if (name := product_name(each.spec_path))]
