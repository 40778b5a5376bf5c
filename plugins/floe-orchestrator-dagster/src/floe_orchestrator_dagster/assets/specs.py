"""What Dagster is told of each table before it has ever been built."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
from dagster._core.utils import is_valid_email

from floe_core.location import Location
from floe_core.plugins.dbt import DbtLocation
from floe_orchestrator_dagster.assets.columns import column_schema
from floe_orchestrator_dagster.assets.keys import AssetKeys
from floe_orchestrator_dagster.assets.partitions import partitions_of
from floe_orchestrator_dagster.names import asset_name, group_name
from floe_orchestrator_dagster.outline import Outline, OutlineTable

_NO_TAG = re.compile(r"[^A-Za-z0-9_.-]")
_TAG_WIDTH = 63


def asset_specs(location: Location, outline: Outline, keys: AssetKeys) -> list[dg.AssetSpec]:
    """One spec for each seed and model."""
    metadata = outline.metadata
    project_dir = DbtLocation.of(location, metadata.dbt_project).project_dir
    owners = [_owner(metadata.owner)] if metadata.owner else []
    kinds = {"dbt", "iceberg", outline.plugins.compute.type}
    parents, partitions = _parents(outline, keys), partitions_of(outline)
    return [
        dg.AssetSpec(
            key=keys.of_tables[table.unique_id],
            deps=parents.get(table.unique_id, ()),
            group_name=group_name("bronze" if table.materialized == "seed" else table.layer),
            description=table.description,
            owners=owners,
            kinds=kinds,
            tags={_tag(tag): "" for tag in table.tags if tag},
            code_version=f"{table.source_sha256[:8]}-{table.config_digest[:8]}",
            partitions_def=partitions if table.microbatch else None,
            metadata={
                "dagster/column_schema": column_schema(table),
                "dagster/code_references": _code(project_dir / table.path),
                **_table_name(table),
            },
        )
        for table in outline.nodes
        if table.unique_id in keys.of_tables
    ]


def source_specs(outline: Outline, keys: AssetKeys) -> list[dg.AssetSpec]:
    """What is read and not built here: tables of other products, which join the graph, and files."""
    return [
        dg.AssetSpec(
            key=keys.of_sources[source.unique_id],
            description=source.description,
            kinds={"iceberg"} if source.product else set(),
            metadata={"dagster/column_schema": column_schema(source)} if source.columns else None,
        )
        for source in outline.sources
    ]


def _parents(outline: Outline, keys: AssetKeys) -> dict[str, list[dg.AssetKey]]:
    """The assets each model reads, through the ephemeral ones and inlined views, which are none."""
    inlined = {node.unique_id: node for node in outline.transforms if node.unique_id not in keys.of_tables}

    def walk(unique_id: str) -> Iterator[dg.AssetKey]:
        if key := keys.find(unique_id):
            yield key
        elif unique_id in inlined:
            for above in inlined[unique_id].depends_on:
                yield from walk(above)

    return {
        node.unique_id: sorted({key for above in node.depends_on for key in walk(above)})
        for node in outline.transforms
    }


def _table_name(table: OutlineTable) -> dict[str, str]:
    """What the table is called where its key could not say it."""
    return {} if asset_name(table.table) == table.table else {"dagster/table_name": table.table}


def _owner(owner: str) -> str:
    """As Dagster takes it: what it holds to be an address of e-mail, or a team."""
    return owner if is_valid_email(owner) else f"team:{owner.removeprefix('team:') or owner}"


def _tag(tag: str) -> str:
    """dbt's tags are any text; Dagster's are names."""
    return _NO_TAG.sub("_", tag)[:_TAG_WIDTH]


def _code(path: Path) -> dg.CodeReferencesMetadataValue:
    """The link to the file; it is made here, where the files lie, and stands in no artifact."""
    return dg.CodeReferencesMetadataValue(code_references=[dg.LocalFileCodeReference(file_path=str(path))])
