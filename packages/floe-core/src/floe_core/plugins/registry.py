"""Finding plugins through entry points, and loading the one that was chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from pydantic import ValidationError

from floe_core.errors import PluginError, Problem
from floe_core.plugins.alert_channel import AlertChannelPlugin
from floe_core.plugins.base import API_VERSION, Plugin, PluginMetadata
from floe_core.plugins.catalog import CatalogPlugin
from floe_core.plugins.compute import ComputePlugin
from floe_core.plugins.dbt import DBTPlugin
from floe_core.plugins.identity import IdentityPlugin
from floe_core.plugins.ingestion import IngestionPlugin
from floe_core.plugins.lineage import LineageBackendPlugin
from floe_core.plugins.network_security import NetworkSecurityPlugin
from floe_core.plugins.orchestrator import OrchestratorPlugin
from floe_core.plugins.quality import QualityPlugin
from floe_core.plugins.rbac import RBACPlugin
from floe_core.plugins.secrets import SecretsPlugin
from floe_core.plugins.semantic_layer import SemanticLayerPlugin
from floe_core.plugins.storage import StoragePlugin
from floe_core.plugins.telemetry import TelemetryBackendPlugin
from floe_core.plugins.types import PluginType
from floe_core.schemas.problems import problems_of
from floe_core.suggestion import did_you_mean

BASE_CLASSES: Mapping[PluginType, type[Plugin]] = {
    PluginType.CATALOG: CatalogPlugin,
    PluginType.COMPUTE: ComputePlugin,
    PluginType.DBT: DBTPlugin,
    PluginType.IDENTITY: IdentityPlugin,
    PluginType.INGESTION: IngestionPlugin,
    PluginType.LINEAGE: LineageBackendPlugin,
    PluginType.NETWORK_SECURITY: NetworkSecurityPlugin,
    PluginType.ORCHESTRATOR: OrchestratorPlugin,
    PluginType.QUALITY: QualityPlugin,
    PluginType.RBAC: RBACPlugin,
    PluginType.SECRETS: SecretsPlugin,
    PluginType.SEMANTIC_LAYER: SemanticLayerPlugin,
    PluginType.STORAGE: StoragePlugin,
    PluginType.TELEMETRY: TelemetryBackendPlugin,
    PluginType.ALERT_CHANNEL: AlertChannelPlugin,
}
"""What an implementation of each type must be a subclass of."""


@dataclass(frozen=True)
class Provider:
    """A plugin somebody installed, not imported yet."""

    name: str
    distribution: str
    version: str
    entry_point: EntryPoint = field(repr=False, compare=False)


class PluginRegistry:
    """The plugins installed here."""

    def discover_all(self) -> Mapping[PluginType, Mapping[str, tuple[Provider, ...]]]:
        """Who provides which name, by type; imports no plugin."""
        return self._providers

    def provider(self, plugin_type: PluginType, name: str) -> Provider:
        """The one distribution that provides the plugin; raises PluginError for none or several."""
        named = self._providers[plugin_type]
        providers = named.get(name, ())
        if not providers:
            raise PluginError(
                Problem(
                    "FLOE-E204", f"no {_word(plugin_type)} plugin named '{name}'", hint=_instead(name, named)
                )
            )
        if len(providers) > 1:
            who = " and ".join(f"'{provider.distribution}'" for provider in providers)
            raise PluginError(
                Problem(
                    "FLOE-E206",
                    f"{_word(plugin_type)} plugin '{name}' is provided by {who}",
                    hint=f"uninstall one: pip uninstall {providers[-1].distribution}",
                )
            )
        return providers[0]

    def get(self, plugin_type: PluginType, name: str) -> type[Plugin]:
        """The plugin's class, checked against its type; raises PluginError."""
        provider = self.provider(plugin_type, name)
        plugin = _load(plugin_type, provider)
        if complaint := _complaint(plugin_type, plugin):
            raise PluginError(
                Problem(
                    "FLOE-E207",
                    f"{_word(plugin_type)} plugin '{name}' of '{provider.distribution}' {complaint}",
                    hint=f"install a version of '{provider.distribution}' for this floe",
                )
            )
        checked: type[Plugin] = plugin
        return checked

    def create(self, plugin_type: PluginType, name: str, config: Mapping[str, Any]) -> Plugin:
        """The plugin with its configuration; raises PluginError with a problem for each wrong key."""
        plugin = self.get(plugin_type, name)
        try:
            instance: Plugin = plugin.model_validate(dict(config))
        except ValidationError as error:
            raise PluginError(problems_of(error, plugin)) from error
        return instance

    @cached_property
    def _providers(self) -> Mapping[PluginType, Mapping[str, tuple[Provider, ...]]]:
        installed = entry_points()
        found: dict[PluginType, dict[str, tuple[Provider, ...]]] = {}
        for plugin_type in PluginType:
            named = found.setdefault(plugin_type, {})
            for provider in sorted(map(_provider, installed.select(group=plugin_type.group)), key=_order):
                named[provider.name] = (*named.get(provider.name, ()), provider)
        return found


def _provider(entry_point: EntryPoint) -> Provider:
    distribution = entry_point.dist
    name, version = (distribution.name, distribution.version) if distribution else ("?", "?")
    return Provider(entry_point.name, name, version, entry_point)


def _order(provider: Provider) -> tuple[str, str]:
    return provider.name, provider.distribution


def _load(plugin_type: PluginType, provider: Provider) -> Any:
    try:
        return provider.entry_point.load()
    except Exception as error:  # a module that is not ours may raise anything
        raise PluginError(
            Problem(
                "FLOE-E207",
                f"{_word(plugin_type)} plugin '{provider.name}' of '{provider.distribution}'"
                f" cannot be imported: {error}",
                hint=f"pip install --force-reinstall {provider.distribution}",
            )
        ) from error


def _complaint(plugin_type: PluginType, plugin: Any) -> str | None:
    """What keeps the class from being a plugin of the type, as the end of a sentence."""
    base = BASE_CLASSES[plugin_type]
    if not (isinstance(plugin, type) and issubclass(plugin, base)):
        return f"is not a {base.__name__}"
    metadata = getattr(plugin, "metadata", None)
    if not isinstance(metadata, PluginMetadata):
        return "has no metadata"
    if not _fits(metadata.floe_api_version):
        return f"is made for plugin API {metadata.floe_api_version}, this floe has {API_VERSION}"
    if missing := sorted(getattr(plugin, "__abstractmethods__", ())):
        return f"lacks {', '.join(missing)}"
    return None


def _fits(wanted: str) -> bool:
    """The same major version, and nothing newer than what there is."""
    try:
        major, minor = (int(part) for part in wanted.split("."))
    except ValueError:
        return False
    here, newest = (int(part) for part in API_VERSION.split("."))
    return major == here and minor <= newest


def _word(plugin_type: PluginType) -> str:
    return plugin_type.value.replace("_", " ")


def _instead(name: str, known: Mapping[str, object]) -> str:
    return did_you_mean(name, known) or "none is installed; pip install the distribution that has it"
