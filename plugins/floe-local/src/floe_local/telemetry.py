"""Traces and metrics in one SQLite file, log lines in a text file, both beside the tables."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from floe_core.plugins.base import PluginMetadata
from floe_core.plugins.telemetry import TelemetryBackendPlugin
from floe_core.schemas.values import Duration, seconds
from floe_core.telemetry import Exporter, Point, Span
from floe_core.telemetry_store import StoreExporter, TelemetryStore
from floe_local.log_file import LogFileExporter


class LocalTelemetry(TelemetryBackendPlugin):
    """``telemetry/`` and ``logs/`` in the platform's state."""

    metadata: ClassVar[PluginMetadata] = PluginMetadata(
        name="local", version=version("floe-local"), instrumentation="floe.telemetry"
    )

    retention: Duration = Field("30d", description="How long traces and metrics are kept.")

    def exporters(self, state_dir: Path) -> Sequence[Exporter]:
        store = TelemetryStore(state_dir, keep_s=seconds(self.retention))
        return [StoreExporter(store, Span, Point), LogFileExporter(state_dir)]
