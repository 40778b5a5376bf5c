"""What a product says instead of its platform, and whether it may."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from floe_core.compilation.validate import Validated
from floe_core.errors import Problem
from floe_core.plugins.types import PluginType
from floe_core.schemas.section import Section
from floe_core.suggestion import did_you_mean


def locked_keys(sources: Validated) -> Iterator[Problem]:
    """Keys the platform keeps for itself; saying what it says is no override."""
    for key in sources.manifest.lock:
        if key in sources.spec.model_fields_set and not (key == "compute" and _is_the_platforms(sources)):
            yield Problem(
                "FLOE-E208",
                f"{key}: platform '{sources.manifest.metadata.name}' locks this key",
                sources.spec_file.at((key,), key=True),
                hint=f"delete '{key}', or ask the platform's team",
            )


def _is_the_platforms(sources: Validated) -> bool:
    selection = sources.manifest.plugins.get(PluginType.COMPUTE)
    return selection is not None and selection.type == sources.spec.compute


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


def merged_environments(sources: Validated) -> dict[str, Any]:
    """The platform's environments, with what the product says of them on top."""
    merged = {name: _said(default) for name, default in sources.manifest.environments.items()}
    for name, override in sources.spec.environments.items():
        merged[name] |= _said(override)
    return merged


def _said(section: Section) -> dict[str, Any]:
    said: dict[str, Any] = section.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return said
