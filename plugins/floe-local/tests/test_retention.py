"""Traces and events lie in one file, and each is kept for as long as its own plugin says."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from floe_core.lineage import Job, Run, derived_run_id, facets, run_event
from floe_core.telemetry import LineageEvent, Record, Resource, Span, SpanContext
from floe_core.telemetry_store import TelemetryStore, append
from floe_local import LocalLineage, LocalTelemetry

_DAY_NS = 86_400 * 10**9


def _told(state_dir: Path, days_ago: int) -> tuple[Span, LineageEvent]:
    """A span and an event of that age."""
    resource, end = Resource("shop", "dev", "test", "1", state_dir), time.time_ns() - days_ago * _DAY_NS
    span = Span(SpanContext("1" * 32, f"{days_ago + 1:016x}"), None, "run", end, end, resource)
    run = Run(derived_run_id(days_ago), {"floe": facets.floe_run({"runId": "r", "attempt": 1})})
    event = run_event("START", run, Job("floe://test/dev", "shop"))
    event["eventTime"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(end // 10**9))
    return span, LineageEvent(event, resource)


@pytest.mark.parametrize(
    ("spans_for", "events_for", "spans", "events"),
    [("10d", "365d", 2, 3), ("365d", "10d", 3, 2), ("1d", "30d", 1, 2), ("30d", "30d", 2, 2)],
)
@pytest.mark.requirement("FR-040", "FR-041")
def test_traces_and_events_are_kept_as_long_as_each_of_them_is_to_be(
    tmp_path: Path, spans_for: str, events_for: str, spans: int, events: int
) -> None:
    with closing(TelemetryStore(tmp_path).open()) as connection:
        for days_ago in (100, 5):
            append(connection, _told(tmp_path, days_ago))

    records: tuple[Record, ...] = _told(tmp_path, 0)
    for exporter in (
        *LocalTelemetry(retention=spans_for).exporters(tmp_path),
        *LocalLineage(retention=events_for).exporters(tmp_path),
    ):
        exporter.export([record for record in records if exporter.wants(record)], 5.0)
        exporter.close()

    with closing(sqlite3.connect(TelemetryStore(tmp_path).path)) as connection:
        assert connection.execute("select count(*) from spans").fetchone() == (spans,)
        assert connection.execute("select count(*) from lineage").fetchone() == (events,)
