"""Where traces, metrics and logs go."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from floe_core.plugins.base import Plugin

if TYPE_CHECKING:
    from floe_core.telemetry import Exporter


class TelemetryBackendPlugin(Plugin, ABC):
    """A place that keeps traces, metrics and logs."""

    queue_size: int = Field(
        5_000, ge=1, le=1_000_000, description="How many records wait at most; the oldest are forgotten then."
    )

    @abstractmethod
    def exporters(self, state_dir: Path) -> Sequence[Exporter]:
        """What hands spans, log lines and points on; made anew for each session, used in one thread."""
