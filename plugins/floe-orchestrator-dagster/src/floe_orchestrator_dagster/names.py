"""The names Dagster knows a product's things by."""

from __future__ import annotations

import re
from collections.abc import Iterator

from floe_core.schemas.artifacts import CompiledArtifacts, Seed, TestRef, Transform


def asset_path(product: str, table: str) -> list[str]:
    return [product, table]


def tables(artifacts: CompiledArtifacts) -> Iterator[Seed | Transform]:
    """Everything of the product that becomes a table: seeds first, then models."""
    yield from artifacts.seeds
    yield from (t for t in artifacts.transforms if t.materialized != "ephemeral")


def check_name(test: TestRef) -> str:
    """A test's name as Dagster allows it: letters, digits and underscores."""
    return re.sub(r"\W", "_", test.name)


def dbt_selector(unique_id: str) -> str:
    """The dbt selector of exactly one model or seed, also when another package has one of its name."""
    _, package, name = unique_id.split(".", 2)
    return f"{name},package:{package}"
