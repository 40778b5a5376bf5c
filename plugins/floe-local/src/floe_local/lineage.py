"""Lineage events in the SQLite file that traces are in, beside the tables."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from floe_core.plugins.base import PluginMetadata
from floe_core.plugins.lineage import LineageBackendPlugin
from floe_core.schemas.values import Duration, seconds
from floe_core.telemetry import Exporter, LineageEvent
from floe_core.telemetry_store import StoreExporter, TelemetryStore


class LocalLineage(LineageBackendPlugin):
    """``telemetry/`` in the platform's state."""

    metadata: ClassVar[PluginMetadata] = PluginMetadata(
        name="local", version=version("floe-local"), instrumentation="floe.lineage"
    )

    retention: Duration = Field("30d", description="How long events are kept.")

    def exporters(self, state_dir: Path) -> Sequence[Exporter]:
        return (StoreExporter(TelemetryStore(state_dir, keep_s=seconds(self.retention)), LineageEvent),)
