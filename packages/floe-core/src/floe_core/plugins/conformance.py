"""Holding what is installed against what a plugin must be, without configuring it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import distributions
from typing import Any

from pydantic import SecretBytes, SecretStr
from pydantic.errors import PydanticUserError
from pydantic.fields import FieldInfo

from floe_core.errors import PluginError, Problem
from floe_core.plugins.base import Plugin
from floe_core.plugins.registry import BASE_CLASSES, PluginRegistry, Provider
from floe_core.plugins.types import PluginType
from floe_core.schemas.section import kinds_of
from floe_core.suggestion import did_you_mean

_PREFIX = "floe."
_SECRET = re.compile(r"(password|passphrase|secret|token|credentials?|(private|secret|api)_key)$")
_ANY = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


@dataclass(frozen=True)
class Checked:
    """One plugin of one distribution, with all that is wrong with it."""

    plugin_type: PluginType
    provider: Provider
    problems: tuple[Problem, ...]


def check_plugins(registry: PluginRegistry) -> list[Checked]:
    """Load every plugin that is installed and check it against its type."""
    return [
        Checked(plugin_type, provider, tuple(_problems(registry, plugin_type, provider)))
        for plugin_type, named in registry.discover_all().items()
        for providers in named.values()
        for provider in providers
    ]


def unknown_groups() -> list[Problem]:
    """Entry points that look like floe's and that nothing will ever look at."""
    known = {plugin_type.group for plugin_type in PluginType}
    return [
        Problem(
            "FLOE-E240",
            f"'{distribution.name}' has entry points in the group '{group}', which is no plugin type's",
            hint=did_you_mean(group, known) or f"the groups are: {', '.join(sorted(known))}",
        )
        for distribution in distributions()
        for group in sorted({point.group for point in distribution.entry_points} - known)
        if group.startswith(_PREFIX)
    ]


def _problems(registry: PluginRegistry, plugin_type: PluginType, provider: Provider) -> Iterator[Problem]:
    try:
        plugin = registry.get(plugin_type, provider.name)
    except PluginError as error:
        yield from error.problems
        return
    who = f"{plugin_type.value} plugin '{provider.name}' of '{provider.distribution}'"
    if plugin.metadata.name != provider.name:
        yield Problem(
            "FLOE-E241",
            f"{who} calls itself '{plugin.metadata.name}'",
            hint="give its metadata the name of its entry point",
        )
    yield from (_misfit(who, told) for told in _misfits(plugin, BASE_CLASSES[plugin_type]))
    yield from _settings(who, plugin)


def _misfit(who: str, told: str) -> Problem:
    return Problem("FLOE-E242", f"{who}: {told}", hint="write the method as its base class does")


def _misfits(plugin: type[Plugin], base: type[Plugin]) -> Iterator[str]:
    """How the plugin's methods cannot be called the way the base class says."""
    for name in sorted(vars(base).keys() | vars(Plugin).keys()):
        wanted, given = inspect.getattr_static(base, name), inspect.getattr_static(plugin, name)
        if name.startswith("_") or given is wanted:
            continue
        if isinstance(wanted, property):
            if not isinstance(given, property | cached_property):
                yield f"'{name}' is a property, not a method"
        elif inspect.isfunction(wanted):
            yield from (f"{name}(): {told}" for told in _differences(wanted, given))


def _differences(wanted: Any, given: Any) -> Iterator[str]:
    if not inspect.isfunction(given):
        yield "is not a method"
        return
    asked = inspect.signature(wanted).parameters
    offered = inspect.signature(given).parameters
    takes_any = {parameter.kind for parameter in offered.values()} & {*_ANY}
    for name, parameter in asked.items():
        if name not in offered:
            if not takes_any:
                yield f"lacks the parameter '{name}'"
        elif offered[name].kind is not parameter.kind:
            yield f"takes '{name}' in another way"
    for name, parameter in offered.items():
        if name not in asked and parameter.default is parameter.empty and parameter.kind not in _ANY:
            yield f"demands '{name}', which nobody gives"


def _settings(who: str, plugin: type[Plugin]) -> Iterator[Problem]:
    try:
        plugin.model_json_schema(by_alias=True)
    except PydanticUserError as error:
        yield Problem(
            "FLOE-E243",
            f"{who}: its settings have no JSON schema: {error.message}",
            hint="give the field a type that YAML can say",
        )
    for name, field in plugin.model_fields.items():
        key = field.alias or name
        if not field.description:
            yield Problem(
                "FLOE-E244",
                f"{who}: nothing says what its setting '{key}' means",
                hint=f"{name}: … = Field(description=…)",
            )
        if _SECRET.search(name) and not _keeps_secret(field):
            yield Problem("FLOE-E245", f"{who}: its setting '{key}' is not secret", hint=f"{name}: SecretStr")


def _keeps_secret(field: FieldInfo) -> bool:
    return bool(kinds_of(field.annotation) & {SecretStr, SecretBytes, bool})
