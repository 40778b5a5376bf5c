"""What was told, kept beside the tables: plain SQLite, events packed with what they have in common."""

from __future__ import annotations

import json
import sqlite3
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from floe_core.telemetry import Distribution, LineageEvent, Point, Record, Span, TryLater

_VERSION = 3
_SCHEMA = """
create table spans (
    trace_id text not null, span_id text primary key, parent_id text, name text not null,
    start_ns integer not null, end_ns integer not null, product text not null,
    error text, attributes text not null, links text not null
) without rowid;
create index spans_by_trace on spans (trace_id);
create index spans_by_start on spans (start_ns);
create table points (
    name text not null, unit text not null, kind text not null, value text not null,
    start_ns integer not null, time_ns integer not null, product text not null, attributes text not null
);
create index points_by_time on points (time_ns);
create table lineage (
    event_time text not null, event_type text not null, run_id text not null, job text not null,
    floe_run_id text not null, attempt integer not null, product text not null, body blob not null
);
create table sample (event text not null);
create index lineage_by_time on lineage (event_time);
create index lineage_by_run on lineage (floe_run_id, attempt);
"""
_DAY_S = 86_400
_PATIENCE_S = 1.0  # of a reader: writers hold it up only while they begin or end
KEEP_S = 30 * _DAY_S


class TelemetryStore:
    """``telemetry/telemetry.db`` in the platform's state; several processes may write to it.

    What is older than ``keep_s`` is forgotten, looked for when it is opened and at most once a day, and of
    the kinds only that it is opened for: another may keep the others longer. A store of another version of
    floe is begun anew: it holds nothing that anybody needs to go on.
    """

    def __init__(self, state_dir: Path, *, keep_s: float = KEEP_S) -> None:
        self.path = state_dir / "telemetry" / "telemetry.db"
        self._keep_s = keep_s

    def open(self, *kinds: type[Record], timeout_s: float = 5.0) -> sqlite3.Connection:
        """A connection of the thread that asks, to write, the tables made; old records of the kinds go."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self.path, timeout=timeout_s, isolation_level=None)
        connection.row_factory = sqlite3.Row
        if _version(connection) != _VERSION:
            _begin_anew(connection)
        connection.execute("pragma synchronous = off")  # after a power loss the run counts, not its story
        for kind in kinds:
            _forget(connection, kind, time.time() - self._keep_s)
        return connection

    def read(self) -> sqlite3.Connection | None:
        """A connection to read; None when nothing was told yet."""
        if not self.path.exists():
            return None
        connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode=ro", uri=True, timeout=_PATIENCE_S
        )
        connection.row_factory = sqlite3.Row
        with ExitStack() as unread:
            unread.callback(connection.close)
            if _version(connection) == _VERSION:
                unread.pop_all()
                return connection
        return None


def _version(connection: sqlite3.Connection) -> int:
    found: int = connection.execute("pragma user_version").fetchone()[0]
    return found


def _begin_anew(connection: sqlite3.Connection) -> None:
    from floe_core.lineage import sample_event  # and with it all that a reader does without

    connection.execute("pragma journal_mode = wal")
    connection.execute("begin immediate")  # of two that begin at once the second finds it done
    if _version(connection) != _VERSION:
        for table in connection.execute("select name from sqlite_master where type = 'table'").fetchall():
            connection.execute(f"drop table {table['name']}")
        for statement in _SCHEMA.split(";"):
            connection.execute(statement)
        sample = json.dumps(sample_event(), ensure_ascii=False)  # kept, for another floe has another one
        connection.execute("insert into sample values (?)", (sample,))
        connection.execute(f"pragma user_version = {_VERSION}")
    connection.execute("commit")


def _forget(connection: sqlite3.Connection, kind: type[Record], before_s: float) -> None:
    """Delete records of that kind that are older, once one of them is older by a day."""
    table, column, as_kept = _AGES[kind]
    oldest = connection.execute(f"select min({column}) from {table}").fetchone()[0]  # nosec B608
    if oldest is not None and oldest <= as_kept(before_s - _DAY_S):
        connection.execute(f"delete from {table} where {column} < ?", (as_kept(before_s),))  # nosec B608


def _nanoseconds(moment_s: float) -> int:
    return int(moment_s * 1e9)


def _iso(moment_s: float) -> str:
    return datetime.fromtimestamp(moment_s, UTC).isoformat(timespec="milliseconds")


_AGES: Mapping[type[Record], tuple[str, str, Callable[[float], Any]]] = {
    Span: ("spans", "start_ns", _nanoseconds),
    Point: ("points", "time_ns", _nanoseconds),
    LineageEvent: ("lineage", "event_time", _iso),
}


class StoreExporter:
    """Writes records of some kinds into the store."""

    def __init__(self, store: TelemetryStore, *kinds: type[Record]) -> None:
        self._store = store
        self._kinds = kinds
        self._connection: sqlite3.Connection | None = None

    def wants(self, record: Record) -> bool:
        return isinstance(record, self._kinds)

    def export(self, records: Sequence[Record], timeout_s: float) -> None:
        """Append them; raises TryLater while somebody else holds the file."""
        try:
            if self._connection is None:
                self._connection = self._store.open(*self._kinds, timeout_s=timeout_s)
            append(self._connection, records)
        except sqlite3.OperationalError as error:
            raise TryLater(str(error)) from error

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def append(connection: sqlite3.Connection, records: Sequence[Record]) -> None:
    """Write the records, all or none of them."""
    events = [each for each in records if isinstance(each, LineageEvent)]
    sample = _sample(connection) if events else b""
    with connection:  # commits, or rolls back whatever ends it
        connection.execute("begin immediate")
        connection.executemany(
            "insert or replace into spans values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [_span(each) for each in records if isinstance(each, Span)],
        )
        connection.executemany(
            "insert into points values (?, ?, ?, ?, ?, ?, ?, ?)",
            [_point(each) for each in records if isinstance(each, Point)],
        )
        connection.executemany(
            "insert into lineage values (?, ?, ?, ?, ?, ?, ?, ?)",
            [_event(each, sample) for each in events],
        )


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


def told_events(connection: sqlite3.Connection, run_id: str) -> list[dict[str, Any]]:
    """The lineage events of a run in the order they were told."""
    sample = _sample(connection)
    rows = connection.execute("select body from lineage where floe_run_id = ? order by rowid", (run_id,))
    return [json.loads(zlib.decompressobj(zdict=sample).decompress(row["body"])) for row in rows]


def _sample(connection: sqlite3.Connection) -> bytes:
    event: str = connection.execute("select event from sample").fetchone()["event"]
    return event.encode()


def _packed(text: str, sample: bytes) -> bytes:
    packing = zlib.compressobj(3, zdict=sample)  # a tenth of the size; higher levels cost more than they save
    return packing.compress(text.encode()) + packing.flush()


def _event(event: LineageEvent, sample: bytes) -> tuple[object, ...]:
    body = event.body
    floe = body["run"]["facets"]["floe"]
    return (
        body["eventTime"],
        body["eventType"],
        body["run"]["runId"],
        body["job"]["name"],
        floe["runId"],
        floe["attempt"],
        event.resource.product,
        _packed(event.text, sample),
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
