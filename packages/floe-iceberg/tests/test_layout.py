"""Partitioned and sorted tables: what plain PyIceberg opens for a predicate, and how layouts change."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pyiceberg.table import Table
from pyiceberg.table.sorting import NullOrder, SortDirection

from floe_core.errors import SpecError
from floe_core.lake import MaintenancePolicy
from floe_iceberg.alter import Alteration
from testing.lake import Lake, identity

EVENTS = (
    "select range as id, timestamp '2024-01-01' + to_hours(range * 6) as at, "
    "'region ' || range % 3 as region from range(40)"
)


def planned(table: Table, predicate: str) -> int:
    return len(list(table.scan(row_filter=predicate).plan_files()))


def partitions(table: Table) -> Counter[str]:
    """How many rows lie in each partition, as the manifests say."""
    found: Counter[str] = Counter()
    for task in table.scan().plan_files():
        found[str(tuple(task.file.partition))] += task.file.record_count  # type: ignore[arg-type]
    return found


def fields(table: Table) -> list[tuple[str, str]]:
    return [(field.name, str(field.transform)) for field in table.spec().fields]


@pytest.mark.requirement("FR-091")
def test_a_predicate_opens_only_the_files_it_must(lake: Lake) -> None:
    lake.publish("r1", "t", EVENTS, partition_by=["day(at)"])
    table = lake.table("t")
    assert fields(table) == [("at_day", "day")]
    assert partitions(table) == {f"({19723 + day},)": 4 for day in range(10)}
    assert planned(table, "at = '2024-01-03T06:00:00'") == 1
    assert planned(table, "at >= '2024-01-09T00:00:00'") == 2
    assert planned(table, "id > -1") == 10
    assert len(lake.plain_rows("t")) == 40
    assert lake.rows("t") == lake.plain_rows("t")
    found = table.scan(row_filter="at >= '2024-01-09T00:00:00'").to_arrow()
    assert sorted(found["id"].to_pylist()) == list(range(32, 40))


@pytest.mark.requirement("FR-091")
@pytest.mark.parametrize(
    ("terms", "names", "predicate", "files"),
    [
        (["region"], [("region", "identity")], "region = 'region 1'", 1),
        ("bucket(4, id)", [("id_bucket", "bucket[4]")], "id = 7", 1),
        (["truncate(10, id)"], [("id_trunc", "truncate[10]")], "id >= 30", 1),
        (["year(at)", "region"], [("at_year", "year"), ("region", "identity")], "region = 'region 1'", 1),
        (['month("at")'], [("at_month", "month")], "at >= '2024-02-01T00:00:00'", 0),
        (["hour(at)"], [("at_hour", "hour")], "at < '2024-01-01T12:00:00'", 2),
    ],
)
def test_every_transform_cuts_files_as_iceberg_does(
    lake: Lake, terms: list[str], names: list[tuple[str, str]], predicate: str, files: int
) -> None:
    lake.publish("r1", "t", EVENTS, partition_by=terms)
    table = lake.table("t")
    assert fields(table) == names
    assert planned(table, predicate) == files
    assert len(lake.plain_rows("t")) == 40
    assert all(task.file.record_count > 0 for task in table.scan().plan_files())


@pytest.mark.requirement("FR-091")
def test_null_long_and_odd_values_have_partitions_of_their_own(lake: Lake) -> None:
    odd = ["a/b", "..", "", "NULL", "x=1&y", "é" * 300, "__HIVE_DEFAULT_PARTITION__"]
    values = ", ".join(f"('{value}')" for value in odd)
    lake.publish("r1", "t", f"from (values {values}, (null)) t(v)", partition_by=["v"])
    table = lake.table("t")
    assert partitions(table) == Counter({str((value,)): 1 for value in [*odd, None]})
    assert lake.plain_rows("t") == sorted([*((value,) for value in odd), (None,)], key=repr)
    assert planned(table, "v is null") == 1
    assert table.scan(row_filter="v = 'a/b'").to_arrow().to_pylist() == [{"v": "a/b"}]


@pytest.mark.requirement("FR-091", "FR-025")
def test_appends_merges_and_deletes_keep_the_layout(lake: Lake) -> None:
    lake.publish("r1", "t", EVENTS, partition_by=["day(at)"])
    lake.publish("r2", "t", "select 40 as id, timestamp '2024-01-11' as at, 'x' as region", "append")
    before = {task.file.file_path for task in lake.table("t").scan().plan_files()}
    moved = (
        "select 0 as id, timestamp '2024-01-02' as at, 'moved' as region "
        "union all select 41, timestamp '2024-02-01', 'new'"
    )
    lake.publish("r3", "t", moved, "merge", unique_key=["id"])
    with lake.manager.run(identity("r4")) as run:
        assert run.delete(lake.con, lake.id("t"), "id in (4, 5)", model="m") == 2
        run.publish()
    table = lake.table("t")
    counts = partitions(table)
    assert counts["(19723,)"] == 3
    assert counts["(19724,)"] == 4 + 1 - 2
    assert (counts["(19733,)"], counts["(19754,)"]) == (1, 1)
    after = {task.file.file_path for task in table.scan().plan_files()}
    assert len(before & after) == 9
    assert planned(table, "at = '2024-02-01T00:00:00'") == 1
    assert lake.rows("t") == lake.plain_rows("t")
    assert len(lake.plain_rows("t")) == 40


@pytest.mark.requirement("FR-091")
def test_a_changed_layout_is_published_with_the_run_and_old_files_stay_readable(lake: Lake) -> None:
    lake.publish("r1", "t", EVENTS, partition_by=["day(at)"])
    before = lake.seen("t")
    more = "select 100 + range as id, timestamp '2024-03-01' as at, 'region 9' as region from range(2)"
    with lake.manager.run(identity("r2")) as run:
        lake.write(run, "t", more, "append", partition_by=["month(at)", "region"], sort_by=["id desc"])
        assert lake.seen("t") == before
        run.publish()
    table = lake.table("t")
    assert fields(table) == [("at_month", "month"), ("region", "identity")]
    assert len(lake.plain_rows("t")) == 42
    assert lake.rows("t") == lake.plain_rows("t")
    assert planned(table, "at >= '2024-03-01T00:00:00'") == 1
    assert planned(table, "at < '2024-01-02T00:00:00'") == 1
    ids = [field.field_id for spec in table.metadata.partition_specs for field in spec.fields]
    assert len(ids) == len(set(ids)) == 3
    lake.publish("r3", "t", more, "append", partition_by=["day(at)"])
    assert lake.table("t").spec().spec_id == before["spec"][0]
    lake.publish("r4", "t", EVENTS, partition_by=[], sort_by=[])
    assert lake.table("t").spec().is_unpartitioned()
    assert lake.table("t").sort_order().is_unsorted
    assert lake.plain_rows("t") == lake.rows("t")


@pytest.mark.requirement("FR-091", "FR-027")
def test_a_layout_of_a_failed_run_is_nobody_s_and_a_retry_s_own(lake: Lake) -> None:
    lake.publish("r1", "t", EVENTS)
    before = lake.seen("t")
    with lake.manager.run(identity("r2")) as run:
        lake.write(run, "t", EVENTS, partition_by=["region"], sort_by=["id"])
    assert lake.seen("t") == before
    with lake.manager.run(identity("r2", attempt=2), reuse=["model.shop.t"]) as run:
        run.publish()
    assert fields(lake.table("t")) == [("region", "identity")]
    assert [field.source_id for field in lake.table("t").sort_order().fields] == [1]


@pytest.mark.requirement("FR-091", "FR-092")
def test_a_layout_on_a_branch_goes_with_its_columns_by_whatever_name(lake: Lake) -> None:
    door, by, table = lake.manager, identity("by"), lake.id("t")
    lake.publish("base", "t", EVENTS)
    door.evolve(
        table, by=by, branch="b", partition_by=["bucket(4, id)", "region"], sort_by=["at desc nulls first"]
    )
    renamed = {"id": 'a "b), c', "region": "at desc", "at": "when"}
    door.evolve(table, Alteration(rename=renamed), by=by, branch="b")
    door.evolve(table, Alteration(rename={"when": "then"}), by=by, branch="b")
    door.publish("b", by=by)
    laid_out = lake.table("t")
    assert [(field.source_id, str(field.transform)) for field in laid_out.spec().fields] == [
        (1, "bucket[4]"),
        (3, "identity"),
    ]
    assert [field.source_id for field in laid_out.sort_order().fields] == [2]

    door.evolve(table, by=by, branch="c", partition_by=["year(then)"], sort_by=["then"])
    door.evolve(table, Alteration(drop=["then"]), by=by, branch="c")
    door.publish("c", by=by)
    assert lake.table("t").spec().is_unpartitioned()
    assert lake.table("t").sort_order().fields == []
    assert len(lake.plain_rows("t")) == 40


@pytest.mark.requirement("FR-091")
def test_sorted_rows_give_files_narrow_bounds(lake: Lake) -> None:
    shuffled = "select (range * 7919) % 100 as id, range as n from range(100)"
    lake.publish("r1", "t", shuffled, sort_by=["id desc nulls last", "n"])
    table = lake.table("t")
    assert [(f.source_id, f.direction, f.null_order) for f in table.sort_order().fields] == [
        (1, SortDirection.DESC, NullOrder.NULLS_LAST),
        (2, SortDirection.ASC, NullOrder.NULLS_FIRST),
    ]
    (task,) = table.scan().plan_files()
    assert task.file.sort_order_id == table.sort_order().order_id
    stored = lake.con.read_parquet(str(lake.path(task.file.file_path)).replace("[", "[[]"))
    assert [row[0] for row in stored.fetchall()] == list(range(99, -1, -1))


@pytest.mark.requirement("FR-091")
@pytest.mark.parametrize(
    ("layout", "told"),
    [
        ({"partition_by": ["nope"]}, "'nope' names no column of the table"),
        ({"partition_by": ["week(at)"]}, r"partition_by 'week\(at\)' is no transform"),
        ({"partition_by": ["bucket(id)"]}, r"partition_by 'bucket\(id\)' is no transform"),
        ({"partition_by": ["bucket(0, id)"]}, r"partition_by 'bucket\(0, id\)' is no transform"),
        ({"partition_by": ["day(id)"]}, "column 'id' is of type 'long', which it is not for"),
        ({"sort_by": ["id sideways"]}, "'id sideways' names no column"),
    ],
)
def test_a_layout_that_means_nothing_is_refused(lake: Lake, layout: dict[str, Any], told: str) -> None:
    with pytest.raises(SpecError, match=told):
        lake.publish("r1", "t", EVENTS, **layout)
    assert lake.manager.table_ids(["shop"]) == []


@pytest.mark.requirement("FR-091", "FR-032")
def test_small_files_are_compacted_within_their_partitions(lake: Lake) -> None:
    for number in range(5):
        sql = f"select range + {number * 10} as id, 'p' || range % 2 as p from range(4)"
        lake.publish(f"r{number}", "t", sql, "append", partition_by=["p"])
    lake.publish("r9", "t", "select 99 as id, 'alone' as p", "append")
    before = lake.plain_rows("t")

    def compact() -> int:
        (report,) = lake.manager.maintain(
            ["shop"],
            MaintenancePolicy(),
            identity=identity("compaction"),
            living={},
            now=datetime.now(UTC) + timedelta(hours=1),
            dry_run=False,
        )
        return report.files_compacted

    assert compact() == 10
    assert partitions(lake.table("t")) == {"('p0',)": 10, "('p1',)": 10, "('alone',)": 1}
    assert planned(lake.table("t"), "p = 'p1'") == 1
    assert lake.plain_rows("t") == before
    assert compact() == 0
