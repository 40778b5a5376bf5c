"""Log lines in a text file, which does not grow for ever."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from floe_core.telemetry import LogLine, Record
from floe_core.telemetry.log_lines import json_lines

_LARGEST = 10_000_000
_KEPT = 3


class LogFileExporter:
    """Appends JSON lines to ``logs/floe.jsonl``; older ones are in ``floe.jsonl.1`` and so on."""

    def __init__(self, state_dir: Path) -> None:
        self._path = state_dir / "logs" / "floe.jsonl"

    def wants(self, record: Record) -> bool:
        return isinstance(record, LogLine)

    def export(self, records: Sequence[Record], timeout_s: float) -> None:
        text = json_lines([record for record in records if isinstance(record, LogLine)])
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
            size = file.tell()
        if size > _LARGEST:
            self._roll()

    def close(self) -> None:
        """Nothing stays open between two batches."""

    def _roll(self) -> None:
        """Make room; another process may be doing the same, and then one of them finds nothing to move."""
        for number in range(_KEPT, 0, -1):
            older = self._path.with_name(f"{self._path.name}.{number}")
            newer = self._path.with_name(f"{self._path.name}.{number - 1}") if number > 1 else self._path
            with suppress(FileNotFoundError):
                newer.replace(older)
