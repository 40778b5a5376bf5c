"""The names Dagster knows a product's things by."""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import sha256

from floe_core.schemas.artifacts import CompiledArtifacts, Seed, TestRef, Transform
from floe_orchestrator_dagster.outline import Outline, OutlineTable

Product = CompiledArtifacts | Outline
Table = Seed | Transform | OutlineTable


def asset_path(product: str, table: str) -> list[str]:
    """The path of a table's asset key: its name, and what tells it from others where Dagster refuses that."""
    return [product, asset_name(table)]


def asset_name(name: str) -> str:
    """The name as Dagster allows it in what it derives from keys: ASCII letters, digits and underscores."""
    allowed = re.sub(r"\W", "_", name, flags=re.ASCII)
    return name if name == allowed else f"{allowed}_{sha256(name.encode()).hexdigest()[:6]}"


def tables(artifacts: Product) -> Iterator[Table]:
    """Everything of the product that becomes a table: seeds first, then models."""
    yield from (node for node in artifacts.nodes if getattr(node, "stored", True))


def group_name(layer: str | None) -> str | None:
    """A layer's name as Dagster allows it; None leaves the table in the default group."""
    return layer and re.sub(r"\W", "_", layer, flags=re.ASCII)


def check_name(test: TestRef) -> str:
    """A test's name as Dagster allows it: letters, digits and underscores."""
    return re.sub(r"\W", "_", test.name, flags=re.ASCII)
