"""The store of what was told: retention, versions, several writers."""

from __future__ import annotations

import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from floe_core.lineage import Job, Run, derived_run_id, facets, run_event
from floe_core.telemetry import LineageEvent, Point, Record, Resource, Span, SpanContext
from floe_core.telemetry_reader import TelemetryReader
from floe_core.telemetry_store import StoreExporter, TelemetryStore, append

_TRACE = "0af7651916cd43dd8448eb211c80319c"
_DAY_S = 86_400


def _span(state_dir: Path, number: int, *, days_ago: float = 0) -> Span:
    end = int((time.time() - days_ago * _DAY_S) * 1e9)
    context = SpanContext(_TRACE, f"{number:016x}")
    links = (SpanContext(_TRACE, "00f067aa0ba902b7"),)
    return Span(
        context, None, "run", end - 2_000_000_000, end, _resource(state_dir), {"rows": 3}, None, links
    )


def _resource(state_dir: Path) -> Resource:
    return Resource("shop", "dev", "test", "1", state_dir)


def _event(state_dir: Path, kind: str, job: str, run_id: str) -> LineageEvent:
    said = {"runId": run_id, "attempt": 1}
    run = Run(derived_run_id(job), {"floe": facets.floe_run(said)})
    return LineageEvent(run_event(kind, run, Job("floe://test/dev", job)), _resource(state_dir))  # type: ignore[arg-type]


def _aged(state_dir: Path, *days_ago: float) -> list[Record]:
    """A span, a point and an event of each age."""
    records: list[Record] = []
    for number, days in enumerate(days_ago):
        span = _span(state_dir, number, days_ago=days)
        said = {
            **_event(state_dir, "START", "shop", derived_run_id(days)).body,
            "eventTime": datetime.fromtimestamp(span.end_ns / 1e9, UTC).isoformat(),
        }
        point = Point("runs", "1", "counter", 1, 0, span.end_ns, _resource(state_dir))
        records += [span, point, LineageEvent(said, _resource(state_dir))]
    return records


def _kept(state_dir: Path) -> dict[str, int]:
    """How many rows each table has."""
    with closing(sqlite3.connect(TelemetryStore(state_dir).path)) as connection:
        tables = ("spans", "points", "lineage")
        return {name: connection.execute(f"select count(*) from {name}").fetchone()[0] for name in tables}


def _written(state_dir: Path, *records: Record) -> None:
    with closing(TelemetryStore(state_dir).open()) as connection:
        append(connection, records)


@pytest.mark.requirement("FR-040")
def test_a_span_comes_back_as_it_was_told(tmp_path: Path) -> None:
    told = _span(tmp_path, 7)

    _written(tmp_path, told, _span(tmp_path, 8))

    [found, _] = TelemetryReader(tmp_path).trace(_TRACE)
    assert (found.context, found.name, found.links) == (told.context, "run", told.links)
    assert (found.start_ns, found.end_ns, found.seconds) == (told.start_ns, told.end_ns, 2.0)
    assert found.attributes == {"rows": 3}
    assert TelemetryReader(tmp_path).span("0" * 15 + "7") == found
    assert TelemetryReader(tmp_path / "nowhere").trace(_TRACE) == []


@pytest.mark.requirement("FR-040", "FR-041")
def test_what_is_older_than_the_retention_is_forgotten_once_a_day(tmp_path: Path) -> None:
    _written(tmp_path, *_aged(tmp_path, 9.5, 8, 6, 0))

    with closing(TelemetryStore(tmp_path, keep_s=9 * _DAY_S).open(Span, Point, LineageEvent)):
        before = _kept(tmp_path)
    with closing(TelemetryStore(tmp_path, keep_s=7 * _DAY_S).open(Span, Point, LineageEvent)):
        after = _kept(tmp_path)

    assert before == {"spans": 4, "points": 4, "lineage": 4}
    assert after == {"spans": 2, "points": 2, "lineage": 2}
    assert [int(span.context.span_id, 16) for span in TelemetryReader(tmp_path).trace(_TRACE)] == [2, 3]


@pytest.mark.parametrize(
    ("kinds", "left"),
    [
        ((Span, Point), {"spans": 1, "points": 1, "lineage": 2}),
        ((LineageEvent,), {"spans": 2, "points": 2, "lineage": 1}),
    ],
)
@pytest.mark.requirement("FR-040", "FR-041")
def test_who_keeps_one_kind_forgets_no_other(
    tmp_path: Path, kinds: tuple[type[Record], ...], left: dict[str, int]
) -> None:
    _written(tmp_path, *_aged(tmp_path, 9, 0))

    TelemetryStore(tmp_path, keep_s=7 * _DAY_S).open(*kinds).close()

    assert _kept(tmp_path) == left


@pytest.mark.requirement("FR-041")
def test_events_are_forgotten_where_no_spans_are_kept(tmp_path: Path) -> None:
    old, new = (_aged(tmp_path, days)[2] for days in (9, 0))
    _written(tmp_path, old, new)
    store = TelemetryStore(tmp_path, keep_s=7 * _DAY_S)

    exporter = StoreExporter(store, LineageEvent)
    exporter.export([new], 5.0)
    exporter.close()

    assert _kept(tmp_path) == {"spans": 0, "points": 0, "lineage": 2}


@pytest.mark.parametrize("at", [0, 4_096])
@pytest.mark.requirement("FR-066")
def test_a_damaged_store_is_one_in_which_nothing_was_told(tmp_path: Path, at: int) -> None:
    run_id = derived_run_id("a run")
    _written(tmp_path, _span(tmp_path, 7), _event(tmp_path, "START", "shop", run_id))
    with closing(sqlite3.connect(TelemetryStore(tmp_path).path)) as connection:
        connection.execute("pragma wal_checkpoint(truncate)")
    with TelemetryStore(tmp_path).path.open("r+b") as file:
        file.seek(at)
        file.write(b"this is no database " * 4_000)

    assert TelemetryReader(tmp_path).jobs_told(run_id, 1) == {}
    assert TelemetryReader(tmp_path).span("0" * 15 + "7") is None


@pytest.mark.requirement("FR-040")
def test_a_store_of_another_version_is_begun_anew_and_not_read(tmp_path: Path) -> None:
    _written(tmp_path, _span(tmp_path, 1))
    with closing(sqlite3.connect(TelemetryStore(tmp_path).path)) as connection:
        connection.execute("pragma user_version = 1")

    assert TelemetryReader(tmp_path).trace(_TRACE) == []
    _written(tmp_path, _span(tmp_path, 2))
    assert [span.context.span_id for span in TelemetryReader(tmp_path).trace(_TRACE)] == ["0" * 15 + "2"]


@pytest.mark.requirement("FR-040")
def test_writers_at_once_begin_it_together_and_lose_nothing(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: _written(tmp_path, _span(tmp_path, number)), range(40)))

    assert len(TelemetryReader(tmp_path).trace(_TRACE)) == 40


@pytest.mark.requirement("FR-041")
def test_events_are_kept_whole_in_a_quarter_of_their_size(tmp_path: Path) -> None:
    run_id = derived_run_id("a run")
    told = [_event(tmp_path, kind, "shop", run_id) for kind in ("START", "COMPLETE")]
    other = _event(tmp_path, "START", "shop", derived_run_id("another"))
    table = {"storage": facets.storage(), "catalog": facets.catalog("floe", "jdbc", "file:///lake")}
    for event in (*told, other):
        event.body["outputs"].append({"namespace": "file:///lake", "name": "shop.a", "facets": table})
    _written(tmp_path, *told, other)

    assert TelemetryReader(tmp_path).events(run_id) == [event.body for event in told]
    with closing(sqlite3.connect(TelemetryStore(tmp_path).path)) as connection:
        [size] = connection.execute("select sum(length(body)) from lineage").fetchone()
    assert size < sum(len(event.text) for event in (*told, other)) / 4


@pytest.mark.requirement("FR-041")
def test_it_is_known_of_which_jobs_the_end_was_told(tmp_path: Path) -> None:
    run_id = derived_run_id("a run")
    told = [("START", "shop"), ("START", "shop.a"), ("COMPLETE", "shop.a"), ("START", "shop.b")]
    _written(tmp_path, *(_event(tmp_path, kind, job, run_id) for kind, job in told))

    assert TelemetryReader(tmp_path).jobs_told(run_id, 1) == {"shop": False, "shop.a": True, "shop.b": False}
    assert TelemetryReader(tmp_path).jobs_told(run_id, 2) == {}
