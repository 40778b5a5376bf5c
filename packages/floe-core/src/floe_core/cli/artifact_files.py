"""The compiled artifacts of a platform as JSON: making their models would take longer than reading them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic_core import from_json

from floe_core.cli.products import meant_products, platform_products
from floe_core.errors import Problem, SpecError, shown
from floe_core.ledger import Ledger
from floe_core.location import Location
from floe_core.suggestion import did_you_mean

Json = dict[str, Any]

_PARTS = ("metadata", "seeds", "transforms", "sources")


@dataclass(frozen=True)
class ArtifactFile:
    """What a product was compiled to, as JSON."""

    location: Location
    content: Json

    @property
    def product(self) -> str:
        name: str = self.content["metadata"]["product_name"]
        return name

    def nodes(self) -> Iterator[Json]:
        """Seeds, then models."""
        yield from self.content["seeds"]
        yield from self.content["transforms"]

    def tables(self) -> Iterator[Json]:
        """The nodes that are tables."""
        return (node for node in self.nodes() if node.get("stored", True))


def artifact_files(manifest: Path | None) -> list[ArtifactFile]:
    """Those of every compiled product of the platform here; raises SpecError where there is none."""
    products = platform_products(manifest)
    found = [_read(location) for location in products]
    if compiled := [each for each in found if each]:
        return compiled
    raise SpecError(nothing_compiled(products))


def nothing_compiled(products: Iterable[Location]) -> Problem:
    """What to say where none of the products has an artifact, which may have been there once."""
    if any(Ledger(state_dir).runs(limit=1) for state_dir in {each.state_dir for each in products}):
        return Problem("FLOE-E012", "not compiled any more", hint="floe compile")
    return Problem("FLOE-E012", "nothing has run here yet", hint="floe run")


def table_named(
    name: str, files: list[ArtifactFile], product: Path | None, manifest: Path | None
) -> tuple[ArtifactFile, Json]:
    """The table that is meant, and whose it is: ``product.table``, or a table of the product one stands in.

    A product may be written as SQL knows it. Raises SpecError when there is none of that name, or several.
    """
    schema, _, table = name.rpartition(".")
    meant = {location.product_dir for location in meant_products(product, manifest)}
    found = [
        (file, node)
        for file in files
        for node in file.tables()
        if node["table"] == table
        and (_is(schema, node["namespace"]) if schema else file.location.product_dir in meant)
    ]
    if len(found) == 1:
        return found[0]
    names = sorted({f"{node['namespace']}.{node['table']}" for _, node in found})
    if found:
        raise SpecError(Problem("FLOE-E019", f"several tables '{name}': {', '.join(names)}", hint="name one"))
    all_tables = [node for file in files for node in file.tables()]
    known = [node["table"] for node in all_tables if not schema or _is(schema, node["namespace"])]
    hint = did_you_mean(table, known) or "floe status lists the tables"
    raise SpecError(Problem("FLOE-E019", f"no table '{name}'", hint=hint))


def _is(schema: str, namespace: str) -> bool:
    return schema in (namespace, re.sub(r"\W", "_", namespace))


def _read(location: Location) -> ArtifactFile | None:
    path = location.artifacts_path
    try:
        content = from_json(path.read_bytes())
        for part in _PARTS:
            content[part]
        return ArtifactFile(location, content) if content["version"] else None
    except FileNotFoundError:
        return None
    except (ValueError, LookupError, TypeError) as error:
        raise SpecError(
            Problem("FLOE-E013", f"'{shown(path)}' is not of this version of floe", hint="floe compile")
        ) from error
