"""What a product says instead of its platform, and whether it may."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from floe_core.compilation.plugin_choice import BUILT_IN
from floe_core.compilation.settings import Said, effective, layers
from floe_core.compilation.validate import Validated
from floe_core.errors import Position, Problem
from floe_core.plugins.types import PluginType
from floe_core.suggestion import did_you_mean


def locked_settings(sources: Validated) -> Iterator[Problem]:
    """Settings the platform keeps for itself; saying what it says is no override."""
    assert sources.manifest_file or not sources.manifest.lock
    for index, lock in enumerate(sources.manifest.lock):
        for key, said, environment in _said_by_product(sources):
            in_environments = lock == "environments" and environment is not None
            if (in_environments or _is_part(key, lock)) and said.value != _platforms(
                sources, key, environment
            ):
                yield Problem(
                    "FLOE-E208",
                    f"{_dotted(said)}: platform '{sources.manifest.metadata.name}' locks '{lock}'"
                    f" in {_place(sources, 'lock', index)}",
                    said.file.at(said.path, key=True),
                    hint=f"delete '{_dotted(said)}', or ask the platform's team",
                )


def values_not_allowed(sources: Validated) -> Iterator[Problem]:
    """Settings with a value that is none of those the platform allows."""
    for key, allowed in sources.manifest.allowed.items():
        seen: set[Position] = set()
        for environment in (None, *sources.manifest.environments):
            for layer in layers(sources, environment):
                said = layer.get(key)
                if said is None or said.value in allowed or said.at in seen:
                    continue
                seen.add(said.at)
                yield Problem(
                    "FLOE-E215",
                    f"{_dotted(said)}: '{said.value}' is not allowed by {_place(sources, 'allowed', key)}",
                    said.at,
                    hint=f"allowed: {', '.join(allowed)}",
                )


def unknown_environments(sources: Validated) -> Iterator[Problem]:
    """Environments of the product that the platform does not have."""
    known = sources.manifest.environments
    for name in sources.spec.environments:
        if name not in known:
            yield Problem(
                "FLOE-E209",
                f"environments.{name}: the platform has no environment '{name}'",
                sources.spec_file.at(("environments", name), key=True),
                hint=did_you_mean(name, known),
            )


def _said_by_product(sources: Validated) -> Iterator[tuple[str, Said, str | None]]:
    """Every setting of floe.yaml once, with the environment it is for."""
    for key, said in layers(sources, None)[-1].items():
        yield key, said, None
    for environment in sources.spec.environments:
        for key, said in layers(sources, environment)[-1].items():
            yield key, said, environment


def _is_part(key: str, lock: str) -> bool:
    return key == lock or key.startswith(f"{lock}.")


def _platforms(sources: Validated, key: str, environment: str | None) -> Any:
    said = [
        layer for layer in layers(sources, environment) if all(not each.of_product for each in layer.values())
    ]
    if found := effective(said).get(key):
        return found.value
    return BUILT_IN[PluginType.COMPUTE] if key == "compute" else None


def _dotted(said: Said) -> str:
    return ".".join(map(str, said.path))


def _place(sources: Validated, *path: str | int) -> str:
    assert sources.manifest_file  # the built-in platform locks and limits nothing
    return str(sources.manifest_file.at(path))
