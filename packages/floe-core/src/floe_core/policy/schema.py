"""The JSON Schema of a policy's input, and what a reference into it may say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Literal

from pydantic import BaseModel

from floe_core.schemas.policy_input import ModelInput, ProductInput

About = Literal["model", "product"]

INPUTS: Mapping[About, type[BaseModel]] = {"model": ModelInput, "product": ProductInput}
"""What a policy can be about, with its input."""


@cache
def input_schema(about: About) -> dict[str, Any]:
    """Draft 2020-12, references to ``$defs`` in it; a value nobody has said is absent, never null."""
    schema: dict[str, Any] = _without_null(INPUTS[about].model_json_schema(by_alias=True))
    return schema


def document(value: BaseModel) -> dict[str, Any]:
    """An input as policies see it."""
    said: dict[str, Any] = value.model_dump(mode="json", by_alias=True, exclude_none=True)
    return said


def unknown_key(about: About, path: Sequence[str | None]) -> tuple[str, list[str]] | None:
    """The first key of a reference below ``input`` that no input has, with those that there are.

    None in the path stands for any key or index that is only known when the policy runs.
    """
    root = input_schema(about)
    here: dict[str, Any] = root
    for key in path:
        here = _resolved(root, here)
        if "properties" in here:
            if key is None:
                return None
            if key not in here["properties"]:
                return key, sorted(here["properties"])
            here = here["properties"][key]
        elif here.get("type") == "array":
            here = here["items"]
        else:
            return None
    return None


def _resolved(root: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in schema:
        return schema
    found: dict[str, Any] = root["$defs"][schema["$ref"].rpartition("/")[2]]
    return found


def _without_null(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_without_null(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    choices = [part for part in schema.get("anyOf", ()) if part != {"type": "null"}]
    if len(choices) == 1:
        rest = {key: value for key, value in schema.items() if key not in ("anyOf", "default")}
        return _without_null({**choices[0], **rest})
    return {key: _without_null(part) for key, part in schema.items()}
