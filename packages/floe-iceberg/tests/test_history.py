"""Time travel, and runs nobody has published."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest

from floe_core.errors import SpecError, WorkError
from floe_iceberg.history import time_of
from testing.lake import Lake, identity


def rows_as_of(lake: Lake, moment: datetime | int, name: str = "t") -> list[tuple[object, ...]]:
    sql = lake.manager.scan_sql(lake.id(name), as_of=moment)
    assert sql is not None
    return sorted(lake.con.execute(sql).fetchall(), key=repr)


def moments(lake: Lake, name: str = "t") -> list[tuple[int, datetime]]:
    """Which snapshot main moved to, and when."""
    log = lake.table(name).metadata.snapshot_log
    return [(entry.snapshot_id, time_of(entry.timestamp_ms)) for entry in log]


@pytest.mark.requirement("FR-092", "FR-090")
def test_old_snapshots_are_read_with_the_columns_they_were_written_with(lake: Lake) -> None:
    lake.publish("r1", "t", "select 1 as id, 'a' as v")
    lake.publish("r2", "t", "select 1 as id, 2.5::double as w")
    lake.publish("r3", "t", "select 'x' as id")
    (first, _), (second, at_second), (third, at_third) = moments(lake)
    assert rows_as_of(lake, first) == [(1, "a")]
    assert lake.manager.columns(lake.id("t"), as_of=first) == [("id", "INTEGER"), ("v", "VARCHAR")]
    assert rows_as_of(lake, second) == rows_as_of(lake, at_second) == [(1, 2.5)]
    assert rows_as_of(lake, third) == rows_as_of(lake, at_third) == [("x",)]
    plain = lake.table("t").scan(snapshot_id=first).to_arrow().to_pylist()
    assert plain == [{"id": 1, "v": "a"}]


@pytest.mark.requirement("FR-092")
def test_a_time_finds_what_readers_saw_then_in_any_zone(lake: Lake) -> None:
    for number in range(3):
        lake.publish(f"r{number}", "t", f"select {number} as n")
    _, (_, at_second), (_, at_third) = moments(lake)
    assert rows_as_of(lake, at_third - timedelta(milliseconds=1)) == [(1,)]
    assert rows_as_of(lake, at_second.astimezone(timezone(timedelta(hours=5)))) == [(1,)]
    assert rows_as_of(lake, at_second.replace(tzinfo=None)) == [(1,)]
    assert rows_as_of(lake, datetime.now(UTC) + timedelta(days=1)) == [(2,)]


@pytest.mark.disk
@pytest.mark.requirement("FR-092")
def test_no_time_shows_a_run_half_published(lake: Lake) -> None:
    for run_id in ("r1", "r2"):
        with lake.manager.run(identity(run_id)) as run:
            for name in ("a", "b", "c"):
                lake.write(run, name, f"select '{run_id}' as tag")
            run.publish()
    times = [[at for _, at in moments(lake, name)] for name in ("a", "b", "c")]
    assert times[0] == times[1] == times[2]


@pytest.mark.requirement("FR-092")
def test_a_moment_there_is_no_snapshot_of_is_refused_with_the_oldest_there_is(lake: Lake) -> None:
    lake.publish("r1", "t", "select 1 as id")
    ((snapshot, at),) = moments(lake)
    told = re.escape(f"the oldest it keeps is '{snapshot}' of {at.isoformat(timespec='milliseconds')[:23]}Z")
    with pytest.raises(SpecError, match=f"cannot be read as of '.*Z': {told}"):
        rows_as_of(lake, at - timedelta(milliseconds=1))
    with pytest.raises(SpecError, match=f"table 'shop.t' has no snapshot '42': {told}"):
        rows_as_of(lake, 42)
    lake.plain().create_table(lake.id("bare"), lake.table("t").schema())
    with pytest.raises(SpecError, match="it has no snapshots"):
        rows_as_of(lake, datetime.now(UTC), "bare")
    assert lake.manager.scan_sql(lake.id("nowhere"), as_of=42) is None


@pytest.mark.requirement("FR-092", "FR-027")
def test_a_run_nobody_published_can_be_read_by_its_id(lake: Lake) -> None:
    lake.publish("r1", "t", "select 1 as id")
    lake.publish("r1", "other", "select 7 as id")
    with lake.manager.run(identity("failed")) as run:
        lake.write(run, "t", "select 'x' as id, 2 as more")
        lake.write(run, "fresh", "select 3 as id")
    manager = lake.manager
    assert manager.unpublished("failed") == [lake.id("fresh"), lake.id("t")]
    assert manager.unpublished("r1") == []
    left = {name: manager.scan_sql(lake.id(name), run_id="failed") for name in ("t", "fresh", "other")}
    rows = {name: lake.con.execute(sql or "").fetchall() for name, sql in left.items()}
    assert rows == {"t": [("x", 2)], "fresh": [(3,)], "other": [(7,)]}
    assert manager.columns(lake.id("t"), run_id="failed") == [("id", "VARCHAR"), ("more", "INTEGER")]
    assert manager.scan_sql(lake.id("fresh")) is None
    assert manager.scan_sql(lake.id("fresh"), as_of=datetime.now(UTC)) is None
    assert lake.rows("t") == [(1,)]


@pytest.mark.requirement("FR-022")
def test_a_commit_that_moves_no_row_does_not_keep_a_run_from_publishing(lake: Lake) -> None:
    lake.publish("base", "a", "select 0 as id")
    lake.publish("base", "b", "select 0 as id")

    def maintain() -> None:
        table = lake.table("b")
        table.manage_snapshots().create_tag(table.metadata.current_snapshot_id or 0, "released").commit()

    with lake.manager.run(identity("r1")) as run:
        for name in ("a", "b"):
            lake.write(run, name, "select 1 as id")
        lake.before_publishing(maintain)
        run.publish()
    assert lake.plain_rows("a") == lake.plain_rows("b") == [(1,)]
    assert set(lake.table("b").metadata.refs) == {"main", "released"}


@pytest.mark.requirement("FR-028", "FR-093")
def test_a_run_that_goes_on_reads_what_it_has_read_before_and_says_when_that_is_gone(lake: Lake) -> None:
    lake.publish("base", "t", "select 1 as n")
    with lake.manager.run(identity("r")) as run:
        seen = run.pin([("SHOP", "T"), ("shop", "missing")])
    for attempt in range(2):
        lake.publish(f"rival{attempt}", "t", "select 2 as n, 'x' as more")

    with lake.manager.run(identity("r", attempt=2)) as run:
        again = run.pin([("shop", "t")], seen)
        rows = lake.rows("t", run)
    lake.manager.expire_snapshots(lake.id("t"), keep_last=1)
    with lake.manager.run(identity("r", attempt=3)) as run:
        told = rf"has read 'shop.t' at snapshot '{seen['shop', 't']}', which is gone"
        with pytest.raises(WorkError, match=told):
            run.pin([("shop", "t")], seen)

    assert again == seen
    assert list(seen) == [("shop", "t")]
    assert rows == [(1,)]
