"""Products of one platform that would get into each other's tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from floe_core.compilation.names import sql_name
from floe_core.compilation.plan import Plan
from floe_core.compilation.validate import Validated
from floe_core.errors import Problem, shown
from floe_core.location import find_products, product_name


def find_rivals(sources: Validated) -> dict[str, str]:
    """The other products of the platform: which is where, by its SQL name."""
    if sources.location.manifest_path is None:
        return {}
    rivals = {}
    for location in find_products(sources.location.product_dir, manifest=sources.location.manifest_path):
        name = product_name(location.spec_path)
        if name and location.spec_path != sources.location.spec_path:
            rivals[sql_name(name)] = f"'{name}' in {shown(location.product_dir)}"
    return rivals


def same_sql_name(sources: Validated, rivals: Mapping[str, str]) -> Iterator[Problem]:
    """Two names that differ, and are one in SQL."""
    own = sql_name(sources.spec.metadata.name)
    if own in rivals:
        yield Problem(
            "FLOE-E213",
            f"metadata.name: in SQL this product is '{own}', and so is product {rivals[own]}",
            sources.spec_file.at(("metadata", "name")),
            hint="rename one of them",
        )


def foreign_schemas(plan: Plan, rivals: Mapping[str, str]) -> Iterator[Problem]:
    """Tables that would stand in another product's namespace."""
    for node in (*plan.models(), *plan.seeds()):
        if node.schema in rivals:
            yield Problem(
                "FLOE-E408",
                f"{node.resource_type} '{node.name}' has schema '{node.schema}',"
                f" which is that of product {rivals[node.schema]}",
                plan.at(node),
                hint="give it another schema",
            )
