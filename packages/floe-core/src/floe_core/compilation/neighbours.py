"""Other products of the platform whose tables a product reads."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from floe_core.compilation.digest import value_digest
from floe_core.compilation.names import sql_name
from floe_core.location import Location, find_products, product_name
from floe_core.plugins.dbt import ParsedNode
from floe_core.schemas.artifacts import CompiledArtifacts, Seed, Transform

_FILES = ("external_location", "plugin")  # what dbt-duckdb calls sources that are no tables of a catalog


@dataclass(frozen=True)
class Neighbour:
    """A product and its compiled artifact, None where it is not compiled (by this version of floe)."""

    name: str
    location: Location
    artifacts: CompiledArtifacts | None

    def table(self, source: ParsedNode) -> Seed | Transform | None:
        """The model or seed that writes what the source reads."""
        wanted = (source.schema.casefold(), source.alias.casefold())
        nodes = self.artifacts.nodes if self.artifacts else ()
        return next((node for node in nodes if _place(node) == wanted), None)


def find_neighbours(location: Location, sources: Iterable[ParsedNode]) -> dict[str, Neighbour]:
    """The neighbour that each source belongs to, by the source's unique id; none of one's own."""
    tables = [source for source in sources if _is_table(source)]
    if not tables or location.manifest_path is None:
        return {}
    products = dict(_others(location))
    owners = {source.unique_id: _owner(source.schema, products) for source in tables}
    neighbours = {
        name: Neighbour(
            products[name][0], products[name][1], stored_artifacts(products[name][1].artifacts_path)
        )
        for name in sorted({name for name in owners.values() if name})
    }
    return {unique_id: neighbours[name] for unique_id, name in owners.items() if name}


def schemas_of_nobody(
    location: Location, sources: Iterable[ParsedNode], neighbours: Mapping[str, Neighbour]
) -> list[str]:
    """The schemas of sources that are no neighbour's so far."""
    if location.manifest_path is None:
        return []
    own = {source.schema for source in sources if _is_table(source) and source.unique_id not in neighbours}
    return sorted(own)


def new_neighbour(location: Location, schemas: Iterable[str]) -> str | None:
    """The name of a product that one of the schemas belongs to by now."""
    products = dict(_others(location)) if schemas else {}
    owners = sorted({owner for schema in schemas if (owner := _owner(schema, products))})
    return products[owners[0]][0] if owners else None


def stored_artifacts(path: Path) -> CompiledArtifacts | None:
    try:
        return CompiledArtifacts.model_validate_json(path.read_bytes())
    except (OSError, ValueError):
        return None


def seen_neighbours(location: Location, neighbours: Iterable[Neighbour]) -> dict[str, str]:
    """What a compile has seen of its neighbours: a digest by each artifact's path as seen from here."""
    return {
        os.path.relpath(each.location.artifacts_path, location.product_dir): exposure_digest(each.artifacts)
        for each in neighbours
    }


def exposure_digest(artifacts: CompiledArtifacts | None) -> str:
    """Of what an artifact lets others read; of nothing where there is none."""
    if artifacts is None:
        return ""
    tables = [
        (
            *_place(node),
            (node.layer, node.access, node.proof, node.stored) if isinstance(node, Transform) else None,
            [(column.name, column.type, column.nullable) for column in node.columns],
        )
        for node in artifacts.nodes
    ]
    said = [each.model_dump() for each in artifacts.deprecations]
    return value_digest([sorted(tables, key=str), artifacts.metadata.exposes, artifacts.metadata.owner, said])


def _is_table(source: ParsedNode) -> bool:
    return not any(source.meta.get(key) for key in _FILES)


def _neighbour(name: str, location: Location) -> Neighbour:
    return Neighbour(name, location, stored_artifacts(location.artifacts_path))


def _others(location: Location) -> Iterator[tuple[str, tuple[str, Location]]]:
    for other in find_products(location.product_dir, manifest=location.manifest_path):
        name = product_name(other.spec_path)
        if name and other.spec_path != location.spec_path:
            yield sql_name(name), (name, other)


def _owner(schema: str, products: Mapping[str, object]) -> str | None:
    """The product whose schema this is, or begins like this: the one with the longest name."""
    own = schema.casefold()
    found = [name for name in products if own == name or own.startswith(f"{name}_")]
    return max(found, key=len, default=None)


def _place(node: Seed | Transform) -> tuple[str, str]:
    return sql_name(node.namespace).casefold(), node.table.casefold()
