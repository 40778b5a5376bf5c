"""What was told, read back from the store beside the tables."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from floe_core.telemetry import SpanContext, Value
from floe_core.telemetry_store import TelemetryStore, told_events


@dataclass(frozen=True)
class ToldSpan:
    """A span as it was told; times are nanoseconds since the epoch."""

    context: SpanContext
    parent_id: str | None
    name: str
    start_ns: int
    end_ns: int
    error: str | None
    attributes: Mapping[str, Value]
    links: tuple[SpanContext, ...]

    @property
    def seconds(self) -> float:
        return (self.end_ns - self.start_ns) / 1e9


class TelemetryReader:
    """Reads the store of one platform, which may not be there."""

    def __init__(self, state_dir: Path) -> None:
        self._store = TelemetryStore(state_dir)

    def trace(self, trace_id: str) -> list[ToldSpan]:
        """Every span of the trace, the earliest first."""
        return list(self._select("trace_id = ? order by start_ns, end_ns desc", trace_id))

    def span(self, span_id: str) -> ToldSpan | None:
        """The span of that id; None also when the store cannot be read."""
        try:
            return next(self._select("span_id = ?", span_id), None)
        except sqlite3.DatabaseError:
            return None

    def jobs_told(self, run_id: str, attempt: int) -> dict[str, bool]:
        """The jobs of an attempt of which anything was told, and whether their end was.

        Empty also when the store cannot be read: whoever settles a dead run goes on without it.
        """
        try:
            return dict(self._jobs_told(run_id, attempt))
        except sqlite3.DatabaseError:
            return {}

    def events(self, run_id: str) -> list[dict[str, Any]]:
        """The lineage events of a run in the order they were told."""
        connection = self._store.read()
        if connection is None:
            return []
        with closing(connection):
            return told_events(connection, run_id)

    def _jobs_told(self, run_id: str, attempt: int) -> Iterator[tuple[str, bool]]:
        connection = self._store.read()
        if connection is None:
            return
        with closing(connection):
            rows = connection.execute(
                "select job, max(event_type <> 'START') as ended from lineage"
                " where floe_run_id = ? and attempt = ? group by job",
                (run_id, attempt),
            )
            for row in rows:
                yield row["job"], bool(row["ended"])

    def _select(self, where: str, *values: str) -> Iterator[ToldSpan]:
        connection = self._store.read()
        if connection is None:
            return
        with closing(connection):
            yield from map(_span, connection.execute(f"select * from spans where {where}", values))  # nosec B608


def _span(row: sqlite3.Row) -> ToldSpan:
    links = (SpanContext.parse(link) for link in json.loads(row["links"]))
    return ToldSpan(
        SpanContext(row["trace_id"], row["span_id"]),
        row["parent_id"],
        row["name"],
        row["start_ns"],
        row["end_ns"],
        row["error"],
        json.loads(row["attributes"]),
        tuple(link for link in links if link),
    )
