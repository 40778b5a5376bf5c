"""Traces and metrics in one SQLite file, log lines in a text file, both beside the tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import ClassVar

from floe_core.plugins.base import PluginMetadata
from floe_core.plugins.telemetry import TelemetryBackendPlugin
from floe_core.telemetry import Exporter, Point, Record, Span, TryLater
from floe_core.telemetry_store import TelemetryStore, append
from floe_local.log_file import LogFileExporter


class LocalTelemetry(TelemetryBackendPlugin):
    """``telemetry/`` and ``logs/`` in the platform's state."""

    metadata: ClassVar[PluginMetadata] = PluginMetadata(
        name="local", version=version("floe-local"), instrumentation="floe.telemetry"
    )

    def exporters(self, state_dir: Path) -> Sequence[Exporter]:
        return [LocalExporter(state_dir), LogFileExporter(state_dir)]


class LocalExporter:
    """Writes spans and points into the store."""

    def __init__(self, state_dir: Path) -> None:
        self._store = TelemetryStore(state_dir)
        self._connection: sqlite3.Connection | None = None

    def wants(self, record: Record) -> bool:
        return isinstance(record, Span | Point)

    def export(self, records: Sequence[Record], timeout_s: float) -> None:
        try:
            if self._connection is None:
                self._connection = self._store.open(timeout_s)
            append(self._connection, records)
        except sqlite3.OperationalError as error:
            raise TryLater(str(error)) from error

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
