"""The plugins a product was compiled for, ready to use, each made when first asked for."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TypeVar

from floe_core.plugins.base import Plugin
from floe_core.plugins.catalog import CatalogPlugin
from floe_core.plugins.compute import ComputePlugin
from floe_core.plugins.dbt import DBTPlugin
from floe_core.plugins.lineage import LineageBackendPlugin
from floe_core.plugins.orchestrator import OrchestratorPlugin
from floe_core.plugins.registry import PluginRegistry
from floe_core.plugins.storage import StoragePlugin
from floe_core.plugins.telemetry import TelemetryBackendPlugin
from floe_core.plugins.types import PluginType
from floe_core.schemas.artifacts import PluginChoices
from floe_core.schemas.secret import looked_up

P = TypeVar("P", bound=Plugin)
_TELLING = (PluginType.TELEMETRY, PluginType.LINEAGE)


class Platform:
    """The chosen plugins of one artifact. Asking for one imports its engine, and no other."""

    def __init__(self, choices: PluginChoices, registry: PluginRegistry | None = None) -> None:
        self._choices = choices
        self._registry = registry or PluginRegistry()

    def services(self) -> Iterator[tuple[PluginType, Plugin]]:
        """Every plugin that was chosen and that a run needs, with its kind: each can be asked how it is."""
        for plugin_type in PluginType:
            if plugin_type in _TELLING:
                continue  # a run does without them
            if choice := self._choices.get(plugin_type):
                yield plugin_type, self._registry.create(plugin_type, choice.type, looked_up(choice.config))

    def _create(self, plugin_type: PluginType, base: type[P]) -> P:
        choice = self._choices.get(plugin_type)
        assert choice is not None  # the five types asked for below are never optional in an artifact
        plugin = self._registry.create(plugin_type, choice.type, looked_up(choice.config))
        assert isinstance(plugin, base)  # the registry has checked it
        return plugin

    @cached_property
    def catalog(self) -> CatalogPlugin:
        return self._create(PluginType.CATALOG, CatalogPlugin)  # type: ignore[type-abstract]

    @cached_property
    def storage(self) -> StoragePlugin:
        return self._create(PluginType.STORAGE, StoragePlugin)  # type: ignore[type-abstract]

    @cached_property
    def compute(self) -> ComputePlugin:
        return self._create(PluginType.COMPUTE, ComputePlugin)  # type: ignore[type-abstract]

    @cached_property
    def dbt(self) -> DBTPlugin:
        return self._create(PluginType.DBT, DBTPlugin)  # type: ignore[type-abstract]

    @cached_property
    def orchestrator(self) -> OrchestratorPlugin:
        return self._create(PluginType.ORCHESTRATOR, OrchestratorPlugin)  # type: ignore[type-abstract]

    @cached_property
    def telemetry(self) -> TelemetryBackendPlugin | None:
        if self._choices.telemetry is None:
            return None
        return self._create(PluginType.TELEMETRY, TelemetryBackendPlugin)  # type: ignore[type-abstract]

    @cached_property
    def lineage(self) -> LineageBackendPlugin | None:
        if self._choices.lineage is None:
            return None
        return self._create(PluginType.LINEAGE, LineageBackendPlugin)  # type: ignore[type-abstract]
