"""Where the value of a setting comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic.fields import FieldInfo

from floe_core.compilation.plan import ENVIRONMENT
from floe_core.compilation.plugin_choice import BUILT_IN
from floe_core.compilation.settings import Said, effective, layers
from floe_core.compilation.validate import Validated
from floe_core.errors import Position, Problem, SpecError
from floe_core.plugins.base import Plugin
from floe_core.plugins.registry import PluginRegistry
from floe_core.plugins.types import PluginType
from floe_core.schemas.secret import is_secret
from floe_core.schemas.section import Section
from floe_core.schemas.settings import Retention, Schedule
from floe_core.suggestion import did_you_mean


@dataclass(frozen=True)
class Source:
    """One place that says a setting; ``counts`` for the one whose word it is."""

    value: Any
    by: str
    at: Position | None
    counts: bool


def sources_of(setting: str, sources: Validated, registry: PluginRegistry) -> dict[str, list[Source]]:
    """By environment all that is said of a setting, what counts first; the environment of runs comes first.

    Raises SpecError for what is no setting.
    """
    environments = dict.fromkeys([ENVIRONMENT, *sources.manifest.environments])
    known: set[str] = set()
    found = {}
    for environment in environments:
        said = layers(sources, environment)
        settings = effective(said)
        compute = settings["compute"].value if "compute" in settings else BUILT_IN[PluginType.COMPUTE]
        plugin = registry.get(PluginType.COMPUTE, compute)
        known |= _known(plugin)
        found[environment] = _sources(
            setting, said, settings.get(setting), _default(setting, plugin, compute)
        )
    if setting not in known:
        raise SpecError(Problem("FLOE-E223", f"no setting '{setting}'", hint=_hint(setting, sorted(known))))
    return found


def _hint(setting: str, known: Sequence[str]) -> str:
    if parts := [each for each in known if each.startswith(f"{setting}.")]:
        return f"one of its parts: {', '.join(parts)}"
    return did_you_mean(setting, known) or f"known here: {', '.join(known)}"


def _sources(
    setting: str, said: list[Mapping[str, Said]], effective: Said | None, default: Source
) -> list[Source]:
    all_said = [layer[setting] for layer in reversed(said) if setting in layer]
    found = [Source(each.value, each.by, each.at, each is effective) for each in all_said]
    if effective is None:
        default = Source(default.value, default.by, None, counts=True)
    return sorted([*found, default], key=lambda source: not source.counts)


def _default(setting: str, plugin: type[Plugin], compute: str) -> Source:
    if setting == "compute":
        return Source(BUILT_IN[PluginType.COMPUTE], "built in", None, counts=False)
    root, _, name = setting.partition(".")
    if root == "compute" and (field := _fields(plugin).get(name)):
        hidden = is_secret(field.annotation)
        value = None if hidden or field.is_required() else field.get_default(call_default_factory=True)
        return Source(value, f"the default of plugin '{compute}'", None, counts=False)
    return Source(None, "nothing is said", None, counts=False)


def _known(plugin: type[Plugin]) -> set[str]:
    sections: dict[str, type[Section]] = {"compute": plugin, "schedule": Schedule, "retention": Retention}
    parts = {f"{name}.{field}" for name, section in sections.items() for field in _fields(section)}
    return {"compute", *parts}


def _fields(section: type[Section]) -> dict[str, FieldInfo]:
    return {field.alias or name: field for name, field in section.model_fields.items()}
