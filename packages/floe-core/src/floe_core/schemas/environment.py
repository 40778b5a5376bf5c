"""The places a product is promoted through."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field

from floe_core.schemas.section import Section, drop_extensions
from floe_core.schemas.settings import Compute, Retention, Schedule
from floe_core.schemas.values import Name


class Environment(Section):
    """What is different in one environment."""

    compute: Compute | None = Field(None, description="Another compute plugin, or other settings of it.")
    schedule: Schedule | None = Field(None, description="When products run by themselves there.")
    retention: Retention | None = Field(None, description="How long rows are kept there.")


def _filled(data: object) -> object:
    """Let ``dev:`` with nothing behind it mean ``dev: {}``."""
    data = drop_extensions(data)
    if not isinstance(data, dict):
        return data
    return {name: {} if settings is None else settings for name, settings in data.items()}


Environments = Annotated[dict[Name, Environment], BeforeValidator(_filled)]
"""Environments by name."""
