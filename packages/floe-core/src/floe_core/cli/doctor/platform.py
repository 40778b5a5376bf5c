"""The files of a product and its platform, and the plugins they choose."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from floe_core.cli.doctor.finding import Finding
from floe_core.compilation.dbt_project import read_dbt_project
from floe_core.compilation.load import load
from floe_core.compilation.plan import ChosenPlugin, ChosenPlugins
from floe_core.compilation.plugin_choice import choose_plugins
from floe_core.compilation.references import project_outside
from floe_core.compilation.validate import Validated, validate
from floe_core.errors import Problem, SpecError, in_order, shown
from floe_core.location import Location, read_here
from floe_core.plugins.registry import PluginRegistry
from floe_core.plugins.types import PluginType
from floe_core.schemas.manifest import Manifest
from floe_core.schemas.problems import problems_of
from floe_core.schemas.secret import AS_WRITTEN


def manifest(path: Path) -> Iterator[Finding]:
    """Whether the manifest of a platform without products can be read."""
    file = read_here(path)
    try:
        said = Manifest.model_validate(file.tree, context=AS_WRITTEN)
    except ValidationError as error:
        raise SpecError(problems_of(error, Manifest, file)) from error
    yield Finding(shown(path), f"platform '{said.metadata.name}'")


def product(
    location: Location, registry: PluginRegistry, chosen: list[tuple[Location, ChosenPlugins]]
) -> Iterator[Finding]:
    """Whether its files can be read and its plugins are well; plugins that can be used go into ``chosen``."""
    sources = validate(load(location))
    yield Finding(shown(location.spec_path), f"product '{sources.spec.metadata.name}'")
    if location.manifest_path:
        yield Finding(shown(location.manifest_path), f"platform '{sources.manifest.metadata.name}'")
    problems: list[Problem] = []
    plugins = choose_plugins(sources, registry, problems)
    if plugins is None:
        yield Finding("plugins", problems=tuple(in_order(problems)))
    else:
        chosen.append((location, plugins))
        for plugin_type, each in plugins.by_type.items():
            yield _plugin(plugin_type, each, location.state_dir)
    yield _dbt_project(sources)


def _plugin(plugin_type: PluginType, chosen: ChosenPlugin, state_dir: Path) -> Finding:
    who = f"{plugin_type.value.replace('_', ' ')} {chosen.name}"
    health = chosen.plugin.health(state_dir)
    remarks = tuple(chosen.plugin.remarks(state_dir))
    if health.healthy:
        return Finding(who, "healthy", remarks)
    hint = "see to it that what it stands on can be reached; its settings are in manifest.yaml"
    return Finding(who, problems=(Problem("FLOE-E035", health.reason, chosen.at, hint), *remarks))


def _dbt_project(sources: Validated) -> Finding:
    folder = sources.location.product_dir / sources.spec.dbt.project
    if outside := list(project_outside(sources, folder)):
        raise SpecError(outside)
    found = read_dbt_project(folder, sources.spec_file.at(("dbt", "project")))
    return Finding(f"dbt in {shown(folder)}", f"project '{found.name}', profile '{found.profile}'")
