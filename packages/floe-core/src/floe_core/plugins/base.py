"""What every plugin is: its configuration, with metadata and a health check."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from pydantic import ConfigDict

from floe_core.errors import Problem
from floe_core.schemas.section import Section

API_VERSION = "1.0"


@dataclass(frozen=True)
class PluginMetadata:
    """Who a plugin is. ``instrumentation`` names the tracer it reports spans under, if it does."""

    name: str
    version: str
    floe_api_version: str = API_VERSION
    instrumentation: str | None = None


@dataclass(frozen=True)
class Health:
    """The answer of a health check: ``reason`` says what is wrong, empty when healthy.

    ``lasting`` is what somebody must mend; the rest may be over by itself, so a run waits for it.
    """

    healthy: bool
    reason: str = ""
    lasting: bool = False


class Plugin(Section):
    """A plugin is its configuration: fields are the ``config:`` keys of the manifest."""

    model_config = ConfigDict(json_schema_extra={})

    metadata: ClassVar[PluginMetadata]

    def health(self, state_dir: Path) -> Health:
        """Whether the plugin could do its work now; asks its service, with a timeout."""
        return Health(healthy=True)

    def remarks(self, state_dir: Path) -> Sequence[Problem]:
        """What is odd on this machine, each with the command that mends it; ``floe doctor`` tells it."""
        return ()
