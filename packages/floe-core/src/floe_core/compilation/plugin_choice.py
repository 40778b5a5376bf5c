"""Choosing and configuring the plugins of a product."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from pydantic import ValidationError

from floe_core.compilation.capabilities import incapable
from floe_core.compilation.plan import ENVIRONMENT, ChosenPlugin, ChosenPlugins
from floe_core.compilation.settings import Said, effective, layers, section
from floe_core.compilation.validate import Validated
from floe_core.errors import PluginError, Position, Problem
from floe_core.plugins.base import Plugin
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
    PluginType.LINEAGE: "local",
    PluginType.ORCHESTRATOR: "dagster",
    PluginType.STORAGE: "local",
    PluginType.TELEMETRY: "local",
}
"""What is used where the manifest says nothing."""

_Place = tuple[YamlFile | None, YamlPath]
_KEYS = {plugin_type: key for key, plugin_type in PLUGIN_KEYS.items()}


def choose_plugins(
    sources: Validated, registry: PluginRegistry, problems: list[Problem]
) -> ChosenPlugins | None:
    """The manifest's plugins, the product's override, the built-in ones; None when one is wrong."""
    count = len(problems)
    found = {
        plugin_type: _chosen(registry, plugin_type, _choice(sources, plugin_type, ENVIRONMENT), problems)
        for plugin_type in PluginType
    }
    if len(problems) > count:
        return None
    chosen = ChosenPlugins({plugin_type: each for plugin_type, each in found.items() if each})
    problems += incapable(chosen)
    return chosen if len(problems) == count else None


def choose_compute(
    sources: Validated, registry: PluginRegistry, environment: str, problems: list[Problem]
) -> ChosenPlugin | None:
    """The compute plugin of one environment, None when it is wrong there."""
    choice = _choice(sources, PluginType.COMPUTE, environment)
    return _chosen(registry, PluginType.COMPUTE, choice, problems)


@dataclass(frozen=True)
class _Choice:
    """What the files say about one type of plugin: which, and each of its settings with its place."""

    key: str
    name: str | None
    said: Said | None
    settings: Mapping[str, Said]
    file: YamlFile | None

    @property
    def at(self) -> Position | None:
        return self.said.at if self.said else None

    def placed(self, problem: Problem) -> Problem:
        """The problem with the key that chose the plugin."""
        if self.said is None:
            return problem
        dotted = ".".join(map(str, self.said.path))
        return Problem(problem.code, f"{dotted}: {problem.message}", self.at, problem.hint)

    def problems(self, error: ValidationError, plugin: type[Plugin]) -> Iterator[Problem]:
        """What is wrong with the settings, each in the file that says it."""
        default: _Place = (self.file, ("plugins", self.key, "config"))
        places = {key: (setting.file, setting.path[:-1]) for key, setting in self.settings.items()}
        for place in dict.fromkeys([default, *places.values()]):
            about = partial(_is_at, places, default, place)
            yield from problems_of(error, plugin, *place, about=about)


def _is_at(places: Mapping[str, _Place], default: _Place, place: _Place, loc: YamlPath) -> bool:
    """Whether the setting that an error is about is said at the place."""
    return places.get(str(loc[0]) if loc else "", default) == place


def _choice(sources: Validated, plugin_type: PluginType, environment: str) -> _Choice:
    key = _KEYS[plugin_type]
    if plugin_type is PluginType.COMPUTE:
        settings = effective(layers(sources, environment))
        said = settings.get("compute")
        name = said.value if said else BUILT_IN[plugin_type]
        return _Choice(key, name, said, section(settings, "compute"), sources.manifest_file)
    selection, file = sources.manifest.plugins.get(plugin_type), sources.manifest_file
    if selection is None or file is None:
        return _Choice(key, BUILT_IN.get(plugin_type), None, {}, file)
    place: YamlPath = ("plugins", key)
    settings = {
        name: Said(value, file, (*place, "config", name), "", of_product=False)
        for name, value in selection.config.items()
    }
    return _Choice(
        key, selection.type, Said(selection.type, file, (*place, "type"), "", False), settings, file
    )


def _chosen(
    registry: PluginRegistry, plugin_type: PluginType, choice: _Choice, problems: list[Problem]
) -> ChosenPlugin | None:
    if choice.name is None:
        return None
    try:
        plugin = registry.get(plugin_type, choice.name)
        distribution = registry.provider(plugin_type, choice.name).distribution
        config = {key: setting.value for key, setting in choice.settings.items()}
        configured = plugin.model_validate(config, context=AS_WRITTEN)
    except PluginError as error:
        problems += [choice.placed(problem) for problem in error.problems]
    except ValidationError as error:
        problems += choice.problems(error, plugin)
    else:
        return ChosenPlugin(choice.name, distribution, configured, choice.at)
    return None
