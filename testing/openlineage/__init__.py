"""The judge of lineage events: OpenLineage's own JSON schemas, and floe's for its one facet."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

_SCHEMAS = Path(__file__).parent / "schemas"
_FACETS = ("facets", "inputFacets", "outputFacets")


def violations(event: Mapping[str, Any]) -> list[str]:
    """Everything that is wrong with the event, its facets judged by the schemas that they name."""
    found = [f"event: {error.message}" for error in _validator(event["schemaURL"]).iter_errors(event)]
    for name, facet in _facets(event):
        url = facet["_schemaURL"]
        if url.partition("#")[0] not in _contents():
            found.append(f"{name}: no schema '{url}'")
            continue
        found += [f"{name}: {error.message}" for error in _validator(url).iter_errors(facet)]
        if name not in _contents()[url.partition("#")[0]]["properties"]:
            found.append(f"{name}: '{url}' is the schema of another facet")
    return found


def _facets(event: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for part in (event["run"], event["job"], *event["inputs"], *event["outputs"]):
        for kind in _FACETS:
            yield from part.get(kind, {}).items()


@cache
def _contents() -> Mapping[str, dict[str, Any]]:
    """Every schema by its id."""
    own = files("floe_core.lineage").joinpath("FloeRunFacet.json")
    texts = [*(path.read_text(encoding="utf-8") for path in sorted(_SCHEMAS.iterdir())), own.read_text()]
    return {content["$id"]: content for content in map(json.loads, texts)}


@cache
def _validator(url: str) -> Draft202012Validator:
    registry = Registry().with_resources(
        (name, Resource.from_contents(content)) for name, content in _contents().items()
    )
    return Draft202012Validator(
        {"$ref": url}, registry=registry, format_checker=Draft202012Validator.FORMAT_CHECKER
    )
