"""What a platform team offers and decides: ``manifest.yaml``."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, field_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from floe_core.plugins.types import PluginType
from floe_core.schemas.environment import Environment, Environments
from floe_core.schemas.governance import Governance, Layering, Rules
from floe_core.schemas.section import Section, drop_extensions
from floe_core.schemas.settings import Defaults, SettingKey
from floe_core.schemas.values import Name, Text

PLUGIN_KEYS = {to_camel(plugin_type.value): plugin_type for plugin_type in PluginType}
"""Each plugin type by its key under ``plugins:``."""


def _plugin_type(key: object) -> object:
    if isinstance(key, PluginType):
        return key
    if plugin_type := PLUGIN_KEYS.get(str(key)):
        return plugin_type
    raise PydanticCustomError("plugin_type", "no plugin type '{key}'", {"key": key, "known": [*PLUGIN_KEYS]})


PluginKey = Annotated[
    PluginType, BeforeValidator(_plugin_type), WithJsonSchema({"type": "string", "enum": sorted(PLUGIN_KEYS)})
]


class PlatformMetadata(Section):
    """Who the platform is."""

    name: Name = Field(description="The platform's name.")


class PluginSelection(Section):
    """One plugin, chosen by name."""

    passed_on: ClassVar[frozenset[str]] = frozenset({"config"})

    type: Text = Field(description="The plugin's name; 'floe plugins list' shows those installed.")
    config: dict[str, Any] = Field({}, description="The plugin's own settings.")


DEFAULT_LAYERS: dict[str, tuple[str, ...]] = {
    "bronze": ("staging", "bronze"),
    "silver": ("intermediate", "silver"),
    "gold": ("marts", "gold"),
}
DEFAULT_ENVIRONMENTS = {"dev": Environment(), "staging": Environment(), "prod": Environment()}


class Manifest(Section):
    """A platform, as its team describes it."""

    api_version: Literal["floe.dev/v1"] = Field("floe.dev/v1", description="The version of this format.")
    kind: Literal["Manifest"] = Field("Manifest", description="What this file describes.")
    metadata: PlatformMetadata = Field(description="Who the platform is.")
    plugins: Annotated[dict[PluginKey, PluginSelection], BeforeValidator(drop_extensions)] = Field(
        {}, description="The plugin of each type; the built-in ones where nothing is said."
    )
    layers: Annotated[dict[Name, tuple[Text, ...]], BeforeValidator(drop_extensions)] = Field(
        DEFAULT_LAYERS, description="The folders whose models belong to a layer, by layer."
    )
    governance: Governance = Field(Governance(), description="How policies are enforced.")
    environments: Environments = Field(
        DEFAULT_ENVIRONMENTS, description="The environments products are promoted through, in order."
    )
    defaults: Defaults = Field(Defaults(), description="What a product gets that does not say it.")
    lock: tuple[SettingKey, ...] = Field(
        (), description="Settings a product may not override, such as 'compute' or 'compute.threads'."
    )
    allowed: Annotated[dict[SettingKey, tuple[Text, ...]], BeforeValidator(drop_extensions)] = Field(
        {}, description="The values a setting may have, by setting; any where nothing is said."
    )

    @field_validator("layers")
    @classmethod
    def _a_folder_has_one_layer(cls, layers: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        owner: dict[str, str] = {}
        for layer, folders in layers.items():
            for folder in folders:
                if owner.setdefault(folder, layer) != layer:
                    raise PydanticCustomError(
                        "folder_twice",
                        "folder '{folder}' stands in '{first}' and in '{second}'",
                        {"folder": folder, "first": owner[folder], "second": layer},
                    )
        return layers


EMBEDDED = Manifest(
    metadata=PlatformMetadata(name="embedded"),
    governance=Governance(rules=Rules(layers=Layering(level="off"))),  # nobody has said what they mean
)
"""The platform of a product that names none: everything on this machine, no service."""
