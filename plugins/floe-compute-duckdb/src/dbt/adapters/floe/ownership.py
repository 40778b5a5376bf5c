"""Whose a table is: rows are deleted only from what the project itself builds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dbt_common.exceptions import DbtRuntimeError


def maker(graph: Mapping[str, Any], schema: str, name: str) -> str:
    """The model or seed that makes the table, by its unique id; an error when it is another project's."""
    for unique_id, node in graph["nodes"].items():
        if node["resource_type"] in ("model", "seed") and _is(node, schema, name):
            return str(unique_id)
    raise DbtRuntimeError(f"no model or seed of this project makes '{schema}.{name}'")


def _is(node: Mapping[str, Any], schema: str, name: str) -> bool:
    made = (str(node["schema"]).lower(), str(node.get("alias") or node["name"]).lower())
    return made == (schema.lower(), name.lower())
