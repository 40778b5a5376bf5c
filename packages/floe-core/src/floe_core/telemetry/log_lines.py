"""Log lines as text: JSON for programs, words for people."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, TextIO

from floe_core.telemetry.records import Level, LogLine, Record
from floe_core.terminal import visible

_NAMES = {
    "floe.run_id": "run_id",
    "floe.attempt": "attempt",
    "floe.product": "product",
    "model_name": "model",
    "floe.unique_id": "unique_id",
}
_SAID_TWICE = {"pipeline_name"}
_ORDER: Sequence[Level] = ("debug", "info", "warning", "error", "critical")


def event_of(line: LogLine) -> dict[str, Any]:
    """The line as structlog's renderers take it."""
    moment = datetime.fromtimestamp(line.time_ns / 1e9, UTC)
    event: dict[str, Any] = {
        "timestamp": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": line.level,
        "logger": line.logger,
        "event": line.message,
    }
    if line.context:
        event |= {"trace_id": line.context.trace_id, "span_id": line.context.span_id}
    said = {_NAMES.get(key, key): value for key, value in line.attributes.items() if key not in _SAID_TWICE}
    return event | {key: value for key, value in said.items() if key not in event}


def json_lines(lines: Sequence[LogLine]) -> str:
    """One JSON document a line."""
    from structlog.processors import JSONRenderer

    render = JSONRenderer(ensure_ascii=False)
    return "".join(f"{render(None, '', event_of(line))}\n" for line in lines)  # type: ignore[str-bytes-safe]


def text_lines(lines: Sequence[LogLine]) -> str:
    """Time, level and words, with what tells one model from another."""
    return "".join(_as_text(line) for line in lines)


def _as_text(line: LogLine) -> str:
    moment = datetime.fromtimestamp(line.time_ns / 1e9).astimezone()
    model = line.attributes.get("model_name")
    about = f"  {model}:" if model else ""
    known = {*_NAMES, *_SAID_TWICE, "layer"}
    said = "".join(f" {key}={value}" for key, value in line.attributes.items() if key not in known)
    return visible(f"{moment:%H:%M:%S}  {line.level:8}{line.logger}{about} {line.message}{said}\n")


class StreamExporter:
    """Log lines of a level and above on a stream: words on a terminal, JSON elsewhere."""

    def __init__(self, level: Level, stream: TextIO | None = None) -> None:
        self._levels = frozenset(_ORDER[_ORDER.index(level) :])
        self._stream = stream or sys.stderr

    def wants(self, record: Record) -> bool:
        return isinstance(record, LogLine) and record.level in self._levels

    def export(self, records: Sequence[Record], timeout_s: float) -> None:
        lines = [record for record in records if isinstance(record, LogLine)]
        self._stream.write(text_lines(lines) if self._stream.isatty() else json_lines(lines))
        self._stream.flush()

    def close(self) -> None:
        """The stream is not ours."""


def wanted_level(said: str) -> Level | None:
    """What FLOE_LOG asks for; nothing where it says no level."""
    word = said.strip().lower()
    return next((level for level in _ORDER if level == word), None)
