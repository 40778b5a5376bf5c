"""An exporter that keeps what it is given."""

from __future__ import annotations

from collections.abc import Sequence

from floe_core.telemetry import Record


class Kept:
    """Keeps every record."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def wants(self, record: Record) -> bool:
        return True

    def export(self, records: Sequence[Record], timeout_s: float) -> None:
        self.records += records

    def close(self) -> None:
        return
