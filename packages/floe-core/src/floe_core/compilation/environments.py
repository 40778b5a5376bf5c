"""What differs in each environment from the one that runs are in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from floe_core.compilation.plan import ENVIRONMENT
from floe_core.compilation.plugin_choice import choose_compute
from floe_core.compilation.public_config import public_config
from floe_core.compilation.settings import Said, effective, layers, section
from floe_core.compilation.validate import Validated
from floe_core.errors import Problem
from floe_core.plugins.registry import PluginRegistry
from floe_core.schemas.section import Section
from floe_core.schemas.settings import Retention, Schedule

_SECTIONS: Mapping[str, type[Section]] = {"schedule": Schedule, "retention": Retention}


def current_schedule(sources: Validated) -> Schedule | None:
    said = section(_settings(sources, ENVIRONMENT), "schedule")
    return Schedule.model_validate(_values(said)) if said else None


def current_retention(sources: Validated) -> Retention | None:
    said = section(_settings(sources, ENVIRONMENT), "retention")
    return Retention.model_validate(_values(said)) if said else None


def differences(
    sources: Validated, registry: PluginRegistry, problems: list[Problem]
) -> dict[str, dict[str, Any]]:
    """By environment the settings that are others there; wrong ones are added to the problems."""
    here = _settings(sources, ENVIRONMENT)
    return {
        name: _difference(sources, registry, problems, here, name) for name in sources.manifest.environments
    }


def _difference(
    sources: Validated,
    registry: PluginRegistry,
    problems: list[Problem],
    here: Mapping[str, Said],
    environment: str,
) -> dict[str, Any]:
    there = _settings(sources, environment)
    found: dict[str, Any] = {}
    if _compute(there) != _compute(here):
        chosen = choose_compute(sources, registry, environment, problems)
        if chosen:
            found["compute"] = {"type": chosen.name, "config": public_config(chosen.plugin)}
    for name, model in _SECTIONS.items():
        values = _values(section(there, name))
        if values and values != _values(section(here, name)):
            found[name] = model.model_validate(values).model_dump(
                mode="json", by_alias=True, exclude_none=True
            )
    return found


def _settings(sources: Validated, environment: str) -> dict[str, Said]:
    return effective(layers(sources, environment))


def _compute(settings: Mapping[str, Said]) -> tuple[Any, dict[str, Any]]:
    return settings["compute"].value if "compute" in settings else None, _values(section(settings, "compute"))


def _values(said: Mapping[str, Said]) -> dict[str, Any]:
    return {key: each.value for key, each in said.items()}
