"""The judge of lineage events: OpenLineage's own JSON schemas, and floe's for its one facet."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource

_SCHEMAS = Path(__file__).parent / "schemas"
_FORMATS = FormatChecker(["uuid"])
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
    parts = [event.get("run", {}), event.get("job", {}), *event.get("inputs", ()), *event.get("outputs", ())]
    for part in parts:
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
    return Draft202012Validator({"$ref": url}, registry=registry, format_checker=_FORMATS)


def _is_moment(text: Any) -> bool:
    return not isinstance(text, str) or datetime.fromisoformat(text).tzinfo is not None


def _is_uri(text: Any) -> bool:
    return not isinstance(text, str) or bool(urlsplit(text).scheme and urlsplit(text).netloc)


for _name, _check in (("date-time", _is_moment), ("uri", _is_uri)):
    _FORMATS.checks(_name, raises=ValueError)(_check)
