"""An input that says as little as one can, for cases to say the rest."""

from __future__ import annotations

from typing import Any

from floe_core.policy.schema import About, input_schema


def filled(about: About, said: dict[str, Any]) -> dict[str, Any]:
    """What is said, and all else the schema asks for; what is wrong is left for the schema to tell."""
    schema = input_schema(about)
    value: dict[str, Any] = _filled(schema, schema, said, "")
    return value


def _filled(root: dict[str, Any], schema: dict[str, Any], said: Any, name: str) -> Any:
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rpartition("/")[2]]
    if "properties" in schema and isinstance(said, dict | None):
        given = said or {}
        asked = {key: given.get(key) for key in [*schema.get("required", ()), *given]}
        return {
            key: _filled(root, schema["properties"][key], value, key)
            if key in schema["properties"]
            else value
            for key, value in asked.items()
        }
    if schema.get("type") == "array" and isinstance(said, list):
        return [_filled(root, schema["items"], item, name) for item in said]
    return _example(schema, name) if said is None else said


def _example(schema: dict[str, Any], name: str) -> Any:
    if "enum" in schema:
        return schema["enum"][0]
    return {"array": [], "boolean": False, "object": {}}.get(schema.get("type", ""), name)
