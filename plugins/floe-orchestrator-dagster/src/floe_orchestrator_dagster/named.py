"""Selections that need no dbt to be understood: names of tables, and nothing else."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import PurePosixPath

import dagster as dg

from floe_core.schemas.artifacts import CompiledArtifacts
from floe_orchestrator_dagster.assets.keys import AssetKeys


def named_assets(artifacts: CompiledArtifacts, select: Sequence[str]) -> frozenset[dg.AssetKey] | None:
    """The assets that are selected, None where only dbt knows them.

    A run of one table then plans that table: of all others Dagster would write down that they are planned.
    A name that a folder or a package has too selects all that is in there; one of a model with versions
    selects them all.
    """
    keys = AssetKeys(artifacts)
    by_name = defaultdict[str, set[dg.AssetKey]](set)
    for node in artifacts.nodes:
        if node.unique_id in keys.of_tables:
            by_name[node.name].add(keys.of_tables[node.unique_id])
    groups = {part for node in artifacts.nodes for part in PurePosixPath(node.path).parts[:-1]}
    groups |= {node.unique_id.split(".")[1] for node in artifacts.nodes}
    if not select or not set(select) <= by_name.keys() - groups:
        return None
    return frozenset[dg.AssetKey]().union(*(by_name[name] for name in select))
