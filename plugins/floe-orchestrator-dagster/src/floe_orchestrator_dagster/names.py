"""The names Dagster knows a product's things by."""

from __future__ import annotations

import re
from collections.abc import Iterator

from floe_core.schemas.artifacts import CompiledArtifacts, Seed, TestRef, Transform
from floe_orchestrator_dagster.outline import Outline, OutlineTable

Product = CompiledArtifacts | Outline
Table = Seed | Transform | OutlineTable


def asset_path(product: str, table: str) -> list[str]:
    return [product, table]


def tables(artifacts: Product) -> Iterator[Table]:
    """Everything of the product that becomes a table: seeds first, then models."""
    yield from (node for node in artifacts.nodes if getattr(node, "stored", True))


def group_name(layer: str | None) -> str | None:
    """A layer's name as Dagster allows it; None leaves the table in the default group."""
    return layer and re.sub(r"\W", "_", layer, flags=re.ASCII)


def check_name(test: TestRef) -> str:
    """A test's name as Dagster allows it: letters, digits and underscores."""
    return re.sub(r"\W", "_", test.name, flags=re.ASCII)
