"""Choosing and configuring the plugins of a product."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from floe_core.compilation.plan import ChosenPlugin, ChosenPlugins
from floe_core.compilation.validate import Validated
from floe_core.errors import PluginError, Position, Problem
from floe_core.plugins.registry import PluginRegistry
from floe_core.plugins.types import PluginType
from floe_core.schemas.manifest import PLUGIN_KEYS
from floe_core.schemas.problems import problems_of
from floe_core.schemas.secret import AS_WRITTEN
from floe_core.yaml_file import YamlFile
from floe_core.yaml_reader import YamlPath

BUILT_IN = {
    PluginType.CATALOG: "local",
    PluginType.COMPUTE: "duckdb",
    PluginType.DBT: "core",
    PluginType.ORCHESTRATOR: "dagster",
    PluginType.STORAGE: "local",
}
"""What is used where the manifest says nothing."""

_KEYS = {plugin_type: key for key, plugin_type in PLUGIN_KEYS.items()}


def choose_plugins(
    sources: Validated, registry: PluginRegistry, problems: list[Problem]
) -> ChosenPlugins | None:
    """The manifest's plugins, the product's override, the built-in ones; None when one is wrong."""
    chosen: dict[PluginType, ChosenPlugin] = {}
    count = len(problems)
    for plugin_type in PluginType:
        choice = _Choice(sources, plugin_type)
        if choice.name is None:
            continue
        try:
            plugin = registry.get(plugin_type, choice.name)
            distribution = registry.provider(plugin_type, choice.name).distribution
            configured = plugin.model_validate(choice.config, context=AS_WRITTEN)
            chosen[plugin_type] = ChosenPlugin(choice.name, distribution, configured, choice.at)
        except PluginError as error:
            problems += [choice.placed(problem) for problem in error.problems]
        except ValidationError as error:
            problems += problems_of(error, plugin, choice.file, choice.config_path)
    return ChosenPlugins(chosen) if len(problems) == count else None


class _Choice:
    """What the files say about one type of plugin."""

    def __init__(self, sources: Validated, plugin_type: PluginType) -> None:
        key = _KEYS[plugin_type]
        selection = sources.manifest.plugins.get(plugin_type)
        override = sources.spec.compute if plugin_type is PluginType.COMPUTE else None
        self.name = override or (selection.type if selection else BUILT_IN.get(plugin_type))
        same = selection is not None and selection.type == self.name
        self.config: dict[str, Any] = selection.config if selection and same else {}
        self.config_path: YamlPath = ("plugins", key, "config")
        self.file: YamlFile | None = sources.manifest_file
        self._path: YamlPath = ("plugins", key, "type")
        if override:
            self.file = sources.spec_file if not same else sources.manifest_file
            self._path = ("compute",) if not same else self._path
        self._said = bool(override or selection)

    @property
    def at(self) -> Position | None:
        return self.file.at(self._path) if self.file and self._said else None

    def placed(self, problem: Problem) -> Problem:
        """The problem with the key that chose the plugin."""
        dotted = ".".join(map(str, self._path))
        message = f"{dotted}: {problem.message}" if self.at else problem.message
        return Problem(problem.code, message, self.at, problem.hint)
