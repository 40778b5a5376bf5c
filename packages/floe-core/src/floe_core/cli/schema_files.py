"""The JSON Schemas as files, for editors that have no network."""

from __future__ import annotations

import json
from typing import Any

from floe_core.plugins.config_schema import with_plugins
from floe_core.plugins.registry import PluginRegistry
from floe_core.schemas.export import SchemaName, json_schema


def schema_content(name: SchemaName) -> bytes:
    """The schema's file; that of manifest.yaml knows the settings of the plugins installed here."""
    schema: dict[str, Any] = json_schema(name)
    if name == "manifest":
        schema = with_plugins(schema, PluginRegistry())
    return (json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()
