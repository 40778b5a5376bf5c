"""What was told, kept beside the tables: plain SQLite."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from floe_core.telemetry import Distribution, LineageEvent, Point, Record, Span

_SCHEMA = """
create table if not exists spans (
    trace_id text not null, span_id text primary key, parent_id text, name text not null,
    start_ns integer not null, end_ns integer not null, product text not null,
    error text, attributes text not null, links text not null
) without rowid;
create index if not exists spans_by_trace on spans (trace_id);
create table if not exists points (
    name text not null, unit text not null, kind text not null, value text not null,
    start_ns integer not null, time_ns integer not null, product text not null, attributes text not null
);
create table if not exists lineage (product text not null, body text not null);
"""


class TelemetryStore:
    """``telemetry/telemetry.db`` in the platform's state; several processes may write to it."""

    def __init__(self, state_dir: Path) -> None:
        self.path = state_dir / "telemetry" / "telemetry.db"

    def open(self, timeout_s: float = 5.0) -> sqlite3.Connection:
        """A connection of the thread that asks, the tables made."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self.path, timeout=timeout_s, isolation_level=None)
        connection.row_factory = sqlite3.Row
        if not connection.execute("select 1 from sqlite_master where name = 'lineage'").fetchone():
            connection.execute("pragma journal_mode = wal")
            connection.executescript(_SCHEMA)
        connection.execute("pragma synchronous = off")  # after a power loss the run counts, not its story
        return connection


def append(connection: sqlite3.Connection, records: Sequence[Record]) -> None:
    """Write the records, all or none of them."""
    connection.execute("begin immediate")
    try:
        connection.executemany(
            "insert or replace into spans values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [_span(each) for each in records if isinstance(each, Span)],
        )
        connection.executemany(
            "insert into points values (?, ?, ?, ?, ?, ?, ?, ?)",
            [_point(each) for each in records if isinstance(each, Point)],
        )
        connection.executemany(
            "insert into lineage values (?, ?)",
            [
                (each.resource.product, json.dumps(each.body))
                for each in records
                if isinstance(each, LineageEvent)
            ],
        )
        connection.execute("commit")
    except BaseException:
        connection.execute("rollback")
        raise


def _span(span: Span) -> tuple[object, ...]:
    return (
        span.context.trace_id,
        span.context.span_id,
        span.parent_id,
        span.name,
        span.start_ns,
        span.end_ns,
        span.resource.product,
        span.error,
        json.dumps(dict(span.attributes)),
        json.dumps([link.traceparent for link in span.links]),
    )


def _point(point: Point) -> tuple[object, ...]:
    value = asdict(point.value) if isinstance(point.value, Distribution) else point.value
    return (
        point.name,
        point.unit,
        point.kind,
        json.dumps(value),
        point.start_ns,
        point.time_ns,
        point.resource.product,
        json.dumps(dict(point.attributes)),
    )
