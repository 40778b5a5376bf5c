"""Rows that are too old go, and no others."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from floe_core.errors import WorkError
from floe_core.lake import MaintenancePolicy, RowRetention, TableMaintenance
from floe_iceberg import TableId
from testing.lake import Lake, identity

HOUR = RowRetention("loaded_at", 3600)
NOON = datetime(2030, 6, 1, 12, tzinfo=UTC)


def maintain(lake: Lake, now: datetime = NOON, retention: RowRetention = HOUR) -> list[TableMaintenance]:
    return lake.manager.maintain(
        [lake.namespace],
        MaintenancePolicy(retention=retention, min_small_files=1000),
        identity=identity("retention"),
        living={},
        now=now,
        dry_run=False,
    )


@pytest.mark.requirement("FR-031")
@pytest.mark.parametrize(
    ("kind", "now"),
    [
        ("timestamp", NOON),
        ("timestamptz", NOON),
        ("timestamptz", NOON.astimezone(timezone(timedelta(hours=5, minutes=30)))),
    ],
)
def test_rows_older_than_the_period_are_deleted_and_null_ages_stay(
    lake: Lake, kind: str, now: datetime
) -> None:
    lake.con.execute("set timezone = 'UTC'")
    lake.publish(
        "base",
        "t",
        "select id, moment::timestamp::"
        + kind
        + " as loaded_at from (values (1, '2030-06-01 10:59:59.999999'), "
        "(2, '2030-06-01 11:00:00'), (3, '2030-06-01 11:30:00'), (4, null), (5, '2031-01-01')) t(id, moment)",
    )
    (report,) = maintain(lake, now)
    assert report.rows_deleted == 1
    assert [row[0] for row in lake.plain_rows("t")] == [2, 3, 4, 5]
    snapshot = lake.table("t").current_snapshot()
    assert snapshot is not None
    assert snapshot.summary is not None
    assert snapshot.summary["floe.model"] == "floe.retention"
    assert set(lake.table("t").metadata.refs) == {"main"}


@pytest.mark.requirement("FR-031")
def test_a_day_is_too_old_once_all_of_it_is(lake: Lake) -> None:
    days = "from (values (date '2030-05-30'), (date '2030-05-31'), (date '2030-06-01')) t(loaded_at)"
    lake.publish("base", "t", days)
    (report,) = maintain(lake, retention=RowRetention("loaded_at", 86_400))
    assert report.rows_deleted == 1
    assert [str(row[0]) for row in lake.plain_rows("t")] == ["2030-05-31", "2030-06-01"]


@pytest.mark.disk
@pytest.mark.requirement("FR-031")
def test_every_table_with_the_column_is_cleared_at_once_and_others_are_left_alone(lake: Lake) -> None:
    sql = "select 1 as id, timestamp '2030-01-01' as Loaded_At"
    with lake.manager.run(identity("base")) as run:
        for name in ("a", "b"):
            lake.write(run, name, sql)
        lake.write(run, "plain", "select 1 as id")
        lake.write(run, "text", "select '2030-01-01' as loaded_at")
        run.publish()
    reports = {report.table: report for report in maintain(lake)}
    assert {name: report.rows_deleted for name, report in reports.items()} == {
        "a": 1,
        "b": 1,
        "plain": 0,
        "text": 0,
    }
    assert reports["text"].notes == (
        "its rows stay: column 'loaded_at' is of type 'string', which tells no row's age",
    )
    assert lake.plain_rows("a") == lake.plain_rows("b") == []
    assert len(lake.plain_rows("plain")) == len(lake.plain_rows("text")) == 1
    moved = [lake.table(name).metadata.snapshot_log[-1].timestamp_ms for name in ("a", "b")]
    assert moved[0] == moved[1]


@pytest.mark.requirement("FR-031")
def test_a_clock_set_back_deletes_nothing(lake: Lake) -> None:
    lake.publish("base", "t", "select timestamp '1999-01-01' as loaded_at")
    before = lake.seen("t")
    with pytest.raises(WorkError, match=r"the clock says 2001-01-01 .*, but 'shop\.t' was written at 20"):
        maintain(lake, datetime(2001, 1, 1, tzinfo=UTC))
    assert lake.seen("t") == before


@pytest.mark.requirement("FR-031")
def test_rows_are_deleted_once(lake: Lake) -> None:
    lake.publish("base", "t", "select timestamp '1999-01-01' as loaded_at from range(3)")
    assert [report.rows_deleted for report in maintain(lake)] == [3]
    seen = lake.seen("t")
    assert [report.rows_deleted for report in maintain(lake)] == [0]
    assert lake.seen("t") == seen


@pytest.mark.requirement("FR-031")
def test_what_another_product_has_written_is_left_alone_and_what_lies_below_is_not(lake: Lake) -> None:
    old = "select timestamp '2020-01-01' as loaded_at"
    places = [("shop", "shop", "ours"), ("office", "shop", "theirs")]
    places += [("shop", "shop_audit", "below"), ("office", "shop_floor", "alike")]
    for product, namespace, name in places:
        with lake.manager.run(replace(identity(name), product=product)) as run:
            run.write(lake.con, TableId(namespace, name), old, model=name, mode="overwrite")
            run.publish()
    lake.manager.create_namespace("shop_plain")
    lake.plain().create_table(("shop_plain", "nobodys"), lake.table("ours").schema())

    reports = maintain(lake)

    assert [(each.table, each.rows_deleted) for each in reports] == [("ours", 1), ("below", 1)]
