"""Snapshots: the newest stay, and whatever somebody still points to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from floe_core.errors import SpecError
from floe_iceberg import _snapshot_manager
from floe_iceberg._snapshot_manager import Rules
from floe_iceberg.history import time_of
from testing.lake import Lake, identity


def publish(lake: Lake, count: int, *, first: int = 0) -> list[int]:
    """Append a row a run; the ids of main's snapshots, oldest first."""
    for number in range(first, first + count):
        lake.publish(f"r{number}", "t", f"select {number} as id", "append")
    return [entry.snapshot_id for entry in lake.table("t").metadata.snapshot_log]


def ids(lake: Lake) -> list[int]:
    return [snapshot.snapshot_id for snapshot in lake.table("t").metadata.snapshots]


@pytest.mark.requirement("FR-032")
def test_all_but_the_newest_six_snapshots_go(lake: Lake) -> None:
    published = publish(lake, 9)
    assert lake.manager.expire_snapshots(lake.id("t"), keep_last=6) == published[:3]
    assert ids(lake) == published[3:]
    assert lake.plain_rows("t") == [(number,) for number in range(9)]
    assert lake.rows("t") == lake.plain_rows("t")
    assert lake.table("t").scan(snapshot_id=published[3]).to_arrow().num_rows == 4
    assert lake.manager.expire_snapshots("shop.t") == []
    publish(lake, 1, first=9)
    assert lake.manager.expire_snapshots("shop.t") == [published[3]]


@pytest.mark.requirement("FR-032")
def test_the_current_snapshot_survives_even_if_none_is_to_be_kept(lake: Lake) -> None:
    published = publish(lake, 3)
    assert lake.manager.expire_snapshots(lake.id("t"), keep_last=0) == published[:2]
    assert ids(lake) == published[2:]
    assert lake.plain_rows("t") == [(0,), (1,), (2,)]


@pytest.mark.requirement("FR-032")
def test_released_snapshots_are_tagged_and_survive(lake: Lake) -> None:
    published = publish(lake, 5)
    lake.table("t").manage_snapshots().create_tag(published[1], "v1").commit()
    assert lake.manager.expire_snapshots(lake.id("t"), keep_last=1) == [published[0], *published[2:4]]
    tagged = lake.table("t").scan(snapshot_id=published[1]).to_arrow().to_pylist()
    assert sorted(row["id"] for row in tagged) == [0, 1]


@pytest.mark.requirement("FR-032", "FR-092")
def test_a_time_whose_snapshot_is_gone_is_not_answered_with_an_older_one(lake: Lake) -> None:
    published = publish(lake, 4)
    log = lake.table("t").metadata.snapshot_log
    lake.table("t").manage_snapshots().create_tag(published[0], "v1").commit()
    lake.manager.expire_snapshots(lake.id("t"), keep_last=1)
    with pytest.raises(SpecError, match=f"the oldest it keeps is '{published[3]}'"):
        lake.manager.scan_sql(lake.id("t"), as_of=time_of(log[1].timestamp_ms))
    assert lake.con.execute(lake.manager.scan_sql(lake.id("t"), as_of=published[0]) or "").fetchall() == [
        (0,)
    ]


@pytest.mark.requirement("FR-032", "FR-028")
def test_what_a_run_wrote_on_its_branch_survives_and_can_be_resumed(lake: Lake) -> None:
    publish(lake, 3)
    with lake.manager.run(identity("failed")) as run:
        for number in (10, 11):
            sql = f"select {number} as id"
            run.write(lake.con, lake.id("t"), sql, model=f"m{number}", mode="append")
    assert len(lake.manager.expire_snapshots(lake.id("t"), keep_last=1)) == 2
    with lake.manager.run(identity("failed", attempt=2), reuse=["m10", "m11"]) as run:
        assert sorted(run.written) == ["m10", "m11"]
        run.publish()
    assert lake.plain_rows("t") == [(0,), (1,), (10,), (11,), (2,)]


@pytest.mark.requirement("FR-032", "FR-027")
def test_branches_of_dead_runs_are_let_go_after_a_while(lake: Lake) -> None:
    publish(lake, 1)
    for run_id in ("dead", "living"):
        with lake.manager.run(identity(run_id)) as run:
            lake.write(run, "t", "select 99 as id")
    tomorrow = int((datetime.now(UTC) + timedelta(days=1)).timestamp() * 1000)
    catalog, name = lake.manager.catalog, lake.id("t")
    early = Rules(6, living={"living"}, abandoned_ms=0)
    assert _snapshot_manager.expire_snapshots(catalog, name, early).let_go == ()
    trimmed = _snapshot_manager.expire_snapshots(catalog, name, Rules(6, {"living"}, tomorrow))
    assert trimmed.let_go == ("dead",)
    assert len(trimmed.expired) == 1
    assert set(lake.table("t").metadata.refs) == {"main", "floe_run_living"}
    assert lake.manager.unpublished("dead") == []


@pytest.mark.requirement("FR-032")
def test_a_run_that_is_going_publishes_although_snapshots_expired_under_it(lake: Lake) -> None:
    publish(lake, 4)
    with lake.manager.run(identity("r9")) as run:
        assert len(lake.rows("t", run)) == 4
        lake.manager.expire_snapshots(lake.id("t"), keep_last=1)
        lake.write(run, "t", "select 9 as id", "append")
        lake.manager.expire_snapshots(lake.id("t"), keep_last=0)
        lake.write(run, "t", "select 10 as id", "append")
        run.publish()
    assert len(lake.plain_rows("t")) == 6
