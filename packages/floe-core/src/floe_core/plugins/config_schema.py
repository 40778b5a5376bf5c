"""What the installed plugins may be told under ``plugins:``, as JSON Schema for editors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from floe_core.errors import PluginError
from floe_core.plugins.registry import BASE_CLASSES, PluginRegistry
from floe_core.plugins.types import PluginType
from floe_core.schemas.manifest import PLUGIN_KEYS

Schema = dict[str, Any]


def with_plugins(manifest_schema: Schema, registry: PluginRegistry) -> Schema:
    """The manifest's schema, knowing the plugins installed here and their settings.

    A name that is not installed stays allowed: the manifest may be edited on another machine than it is
    used on. Plugins that cannot be loaded are left out.
    """
    definitions = dict(manifest_schema["$defs"])
    plugins = {
        **manifest_schema["properties"]["plugins"],
        "patternProperties": {"^x-": {}},
        "properties": {
            key: _selection(registry, plugin_type, definitions) for key, plugin_type in PLUGIN_KEYS.items()
        },
        "additionalProperties": False,
    }
    del plugins["propertyNames"]
    properties = {**manifest_schema["properties"], "plugins": plugins}
    return {**manifest_schema, "$defs": definitions, "properties": properties}


def _selection(registry: PluginRegistry, plugin_type: PluginType, definitions: Schema) -> Schema:
    selection: Schema = {"$ref": "#/$defs/PluginSelection", "description": BASE_CLASSES[plugin_type].__doc__}
    installed = dict(_configurations(registry, plugin_type, definitions))
    if not installed:
        return selection
    settings = [
        {
            "if": {"properties": {"type": {"const": name}}, "required": ["type"]},
            "then": {"properties": {"config": configuration}},
        }
        for name, configuration in installed.items()
    ]
    names = {"anyOf": [{"enum": list(installed)}, {"type": "string"}]}
    return {**selection, "properties": {"type": names}, "allOf": settings}


def _configurations(
    registry: PluginRegistry, plugin_type: PluginType, definitions: Schema
) -> Iterator[tuple[str, Schema]]:
    """Each plugin's name and schema; the parts it refers to go into ``definitions``."""
    for name in registry.discover_all()[plugin_type]:
        try:
            plugin = registry.get(plugin_type, name)
        except PluginError:
            continue
        own = f"{plugin_type.value}.{name}."
        schema = plugin.model_json_schema(by_alias=True, ref_template=f"#/$defs/{own}{{model}}")
        definitions.update({f"{own}{part}": found for part, found in schema.pop("$defs", {}).items()})
        yield name, schema
