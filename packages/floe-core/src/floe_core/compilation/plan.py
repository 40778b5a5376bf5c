"""What the two files mean once plugins and dbt project are known. It never leaves the compiler."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from floe_core.compilation.digest import digest_of, shared_digest
from floe_core.compilation.neighbours import Neighbour
from floe_core.compilation.validate import Validated
from floe_core.errors import Position
from floe_core.plugins.base import Plugin
from floe_core.plugins.catalog import CatalogPlugin
from floe_core.plugins.compute import ComputePlugin
from floe_core.plugins.dbt import DbtLocation, DBTPlugin, ParsedNode, ParsedProject
from floe_core.plugins.orchestrator import OrchestratorPlugin
from floe_core.plugins.types import PluginType
from floe_core.schemas.settings import Retention, Schedule

ENVIRONMENT = "dev"


@dataclass(frozen=True)
class ChosenPlugin:
    """A plugin, configured; ``at`` is where it was chosen, None where it is the built-in one."""

    name: str
    distribution: str
    plugin: Plugin
    at: Position | None


@dataclass(frozen=True)
class ChosenPlugins:
    """The chosen plugins by type; the five without which nothing runs are always there."""

    by_type: Mapping[PluginType, ChosenPlugin]

    @property
    def catalog(self) -> CatalogPlugin:
        plugin = self.by_type[PluginType.CATALOG].plugin
        assert isinstance(plugin, CatalogPlugin)  # the registry has checked each class against its type
        return plugin

    @property
    def compute(self) -> ComputePlugin:
        plugin = self.by_type[PluginType.COMPUTE].plugin
        assert isinstance(plugin, ComputePlugin)
        return plugin

    @property
    def dbt(self) -> DBTPlugin:
        plugin = self.by_type[PluginType.DBT].plugin
        assert isinstance(plugin, DBTPlugin)
        return plugin

    @property
    def orchestrator(self) -> OrchestratorPlugin:
        plugin = self.by_type[PluginType.ORCHESTRATOR].plugin
        assert isinstance(plugin, OrchestratorPlugin)
        return plugin


@dataclass(frozen=True)
class Plan:
    """A product on its platform, resolved: nothing is left to choose.

    ``neighbours`` are the products that sources belong to, by the source's unique id.
    """

    sources: Validated
    plugins: ChosenPlugins
    environments: Mapping[str, Any]
    schedule: Schedule | None
    retention: Retention | None
    dbt_profiles: Mapping[str, Any]
    dbt_location: DbtLocation
    project: ParsedProject
    file_digests: Mapping[str, str]
    packages_folder: str
    neighbours: Mapping[str, Neighbour]

    @property
    def project_digest(self) -> str:
        return digest_of(self.file_digests)

    @property
    def shared_digest(self) -> str:
        """What changes when every model may give something else although its own file is the same."""
        own = {node.path for node in self.project.nodes} | {test.path for test in self.project.left_out}
        return shared_digest(self.file_digests, own, self.packages_folder)

    @property
    def product(self) -> str:
        return self.sources.spec.metadata.name

    def models(self) -> tuple[ParsedNode, ...]:
        return tuple(node for node in self.project.nodes if node.resource_type in ("model", "snapshot"))

    def seeds(self) -> tuple[ParsedNode, ...]:
        return tuple(node for node in self.project.nodes if node.resource_type == "seed")

    def sources_read(self) -> tuple[ParsedNode, ...]:
        """The sources that some model or seed depends on."""
        read = {parent for node in (*self.models(), *self.seeds()) for parent in node.depends_on}
        sources = (node for node in self.project.nodes if node.resource_type == "source")
        return tuple(node for node in sources if node.unique_id in read)

    def tests(self) -> tuple[ParsedNode, ...]:
        return tuple(node for node in self.project.nodes if node.resource_type in ("test", "unit_test"))

    def at(self, node: ParsedNode, line: int = 1, column: int = 1) -> Position:
        """A place in the node's own file."""
        return Position.of(self.dbt_location.project_dir / node.path, line, column)
