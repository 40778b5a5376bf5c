"""Where lineage events go."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from floe_core.plugins.base import Plugin

if TYPE_CHECKING:
    from floe_core.telemetry import Exporter


class LineageBackendPlugin(Plugin, ABC):
    """A place that keeps lineage events."""

    @abstractmethod
    def exporters(self, state_dir: Path) -> Sequence[Exporter]:
        """What hands events of OpenLineage on; made anew for each session, used in one thread."""
