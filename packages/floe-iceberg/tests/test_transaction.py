"""A run is a transaction: readers of main see all of it or nothing."""

from __future__ import annotations

import re
from typing import Any

import duckdb
import pytest
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import IntegerType, LongType, NestedField, StringType

from floe_core.errors import ConflictError
from floe_iceberg import Docs, RunTransaction, current_run
from testing.lake import Lake, identity

BASE = "select * from (values (1, 'a', 10), (2, 'b', 20)) t(id, v, n)"
TOLD = {"read.parquet.vectorization.enabled": "false"}  # what readers of any table are told
PUBLISHED = ("added", "dropped", "retyped")
CHANGED = {
    "added": (
        "select id, v, n, id * 1.5::double as x from (" + BASE + ")",
        [(1, "a", 10, 1.5), (2, "b", 20, 3.0)],
    ),
    "dropped": (f"select id, n from ({BASE})", [(1, 10), (2, 20)]),
    "retyped": (f"select id, v, 'n' || n as n from ({BASE})", [(1, "a", "n10"), (2, "b", "n20")]),
    "fresh": ("select 7 as id", [(7,)]),
}


def publish_base(lake: Lake) -> None:
    with lake.manager.run(identity("base")) as run:
        for name in PUBLISHED:
            lake.write(
                run, name, BASE, properties={"owner": "retail"}, docs=Docs("the base", {"v": "a letter"})
            )
        run.publish()


def write_changes(lake: Lake, run: RunTransaction) -> None:
    for name, (sql, _) in CHANGED.items():
        lake.write(run, name, sql, properties={"owner": "sales"}, docs=Docs("changed", {"id": "the key"}))


def published(lake: Lake) -> dict[str, Any]:
    return {name: lake.seen(name) for name in PUBLISHED}


@pytest.mark.requirement("FR-022", "FR-090", "FR-027")
def test_a_run_that_fails_leaves_every_published_table_exactly_as_it_was(lake: Lake) -> None:
    publish_base(lake)
    before = published(lake)

    with pytest.raises(duckdb.ConversionException), lake.manager.run(identity("r1")) as run:  # noqa: PT012
        write_changes(lake, run)
        for name, (_, rows) in CHANGED.items():
            assert lake.rows(name, run) == rows
        lake.write(run, "last", "select 'no number'::int as id")

    assert published(lake) == before
    assert before["added"]["columns"] == [
        (1, "id", "int", None),
        (2, "v", "string", "a letter"),
        (3, "n", "int", None),
    ]
    assert before["added"]["properties"] == {"owner": "retail", "comment": "the base", **TOLD}
    assert lake.plain_rows("fresh") == []
    assert lake.table("fresh").current_snapshot() is None
    assert lake.manager.table_names("shop") == sorted(PUBLISHED)
    assert lake.manager.scan_sql(lake.id("fresh")) is None
    assert lake.manager.columns(lake.id("fresh")) == []
    assert current_run() is None


@pytest.mark.requirement("FR-022", "FR-090")
def test_a_run_that_is_published_changes_every_table_at_once(lake: Lake) -> None:
    publish_base(lake)

    with lake.manager.run(identity("r1")) as run:
        write_changes(lake, run)
        assert run.written["model.shop.dropped"].rows == 2
        run.publish()

    for name, (_, rows) in CHANGED.items():
        assert lake.plain_rows(name) == rows
        assert lake.rows(name) == rows
        metadata = lake.table(name).metadata
        assert set(metadata.refs) == {"main"}
        assert metadata.properties == {"owner": "sales", "comment": "changed", **TOLD}
        assert metadata.format_version == 2
    columns = {name: [f[:3] for f in lake.seen(name)["columns"]] for name in CHANGED}
    assert columns == {
        "added": [(1, "id", "int"), (2, "v", "string"), (3, "n", "int"), (4, "x", "double")],
        "dropped": [(1, "id", "int"), (3, "n", "int")],
        "retyped": [(1, "id", "int"), (2, "v", "string"), (4, "n", "string")],
        "fresh": [(1, "id", "int")],
    }
    assert lake.seen("added")["columns"][0] == (1, "id", "int", "the key")


@pytest.mark.requirement("FR-022")
def test_a_rival_who_moves_one_table_while_all_are_published_keeps_all_of_them_back(lake: Lake) -> None:
    publish_base(lake)
    with lake.manager.run(identity("r1")) as run:
        write_changes(lake, run)
        before = published(lake)
        metadata_files = set(lake.home.rglob("*.metadata.json"))
        lake.before_publishing(lambda: lake.table("dropped").delete("id = 1"))
        with pytest.raises(ConflictError, match=re.escape("somebody else changed 'shop.dropped'")):
            run.publish()

    assert {name: lake.seen(name) for name in ("added", "retyped")} == {
        name: before[name] for name in ("added", "retyped")
    }
    assert lake.plain_rows("dropped") == [(2, "b", 20)]
    assert lake.plain_rows("fresh") == []
    left = {path.parent.parent.name for path in set(lake.home.rglob("*.metadata.json")) - metadata_files}
    assert left == {"dropped"}  # the rival's own; what was staged for nothing is gone


@pytest.mark.requirement("FR-022")
def test_a_table_moved_before_publishing_is_named_and_nothing_is_published(lake: Lake) -> None:
    publish_base(lake)
    with lake.manager.run(identity("r1")) as run:
        write_changes(lake, run)
        lake.table("added").append(lake.table("added").scan(limit=1).to_arrow())
        lake.plain().drop_table(lake.id("retyped"))
        before = lake.seen("dropped")
        with pytest.raises(ConflictError, match=re.escape("'shop.added', 'shop.retyped'")):
            run.publish()
    assert lake.seen("dropped") == before


@pytest.mark.requirement("FR-022")
def test_a_rival_who_only_changes_the_schema_is_noticed_too(lake: Lake) -> None:
    publish_base(lake)
    with lake.manager.run(identity("r1")) as run:
        lake.write(run, "added", CHANGED["added"][0])
        with lake.table("added").update_schema() as update:
            update.delete_column("v")
        with pytest.raises(ConflictError, match=re.escape("'shop.added'")):
            run.publish()
    assert lake.plain_rows("added") == [(1, 10), (2, 20)]


@pytest.mark.requirement("FR-022")
def test_a_table_moved_after_the_run_saw_it_cannot_be_written(lake: Lake) -> None:
    publish_base(lake)
    with lake.manager.run(identity("r1")) as run:
        assert lake.rows("added", run) == [(1, "a", 10), (2, "b", 20)]
        lake.table("added").delete("id = 1")
        files = set(lake.home.rglob("*.parquet"))
        with pytest.raises(ConflictError, match=re.escape("'shop.added'")):
            lake.write(run, "added", "select 3 as id")
        assert set(lake.home.rglob("*.parquet")) == files


@pytest.mark.requirement("FR-022")
def test_reads_of_a_run_stay_at_its_first_look_until_it_writes_itself(lake: Lake) -> None:
    publish_base(lake)
    with lake.manager.run(identity("r1")) as run:
        assert lake.rows("added", run) == [(1, "a", 10), (2, "b", 20)]
        lake.table("added").delete("id = 1")
        assert lake.rows("added") == [(2, "b", 20)]
        assert lake.rows("added", run) == [(1, "a", 10), (2, "b", 20)]
        lake.write(run, "dropped", "select 3 as id")
        assert lake.rows("dropped", run) == [(3,)]
        assert lake.manager.columns(lake.id("dropped"), run=run) == [("id", "INTEGER")]
        assert lake.manager.columns(lake.id("dropped")) == [
            ("id", "INTEGER"),
            ("v", "VARCHAR"),
            ("n", "INTEGER"),
        ]


@pytest.mark.requirement("FR-028")
def test_a_new_table_is_published_by_the_third_run_after_two_failed(lake: Lake) -> None:
    for number, sql in enumerate(("select 1 as a", "select 'x' as a, 2 as b")):
        with lake.manager.run(identity(f"failed-{number}")) as run:
            assert lake.manager.columns(lake.id("fresh"), run=run) == []
            assert lake.write(run, "fresh", sql, mode="append") == 1
        assert lake.plain_rows("fresh") == []
    with lake.manager.run(identity("good")) as run:
        assert lake.manager.table_names("shop", run=run) == []
        assert lake.write(run, "fresh", "select true as b", mode="merge", unique_key=["b"]) == 1
        assert lake.manager.table_names("shop", run=run) == ["fresh"]
        run.publish()
    assert lake.plain_rows("fresh") == [(True,)]
    assert lake.seen("fresh")["columns"] == [(4, "b", "boolean", None)]
    assert "floe.published" not in lake.seen("fresh")["properties"]


@pytest.mark.requirement("FR-028")
def test_a_second_attempt_publishes_what_it_reuses_of_the_first_one(lake: Lake) -> None:
    publish_base(lake)
    with lake.manager.run(identity("r1")) as run:
        lake.write(run, "added", CHANGED["added"][0], properties={"owner": "first"})
        lake.write(run, "dropped", CHANGED["dropped"][0])
        lake.write(run, "fresh", "select 1 as id")
        first = run.written
    reuse = ["model.shop.added", "model.shop.fresh"]
    with lake.manager.run(identity("r1", attempt=2), reuse=reuse) as run:
        assert run.written == {model: first[model] for model in reuse}
        assert lake.rows("added", run) == CHANGED["added"][1]
        assert lake.rows("dropped", run) == [(1, "a", 10), (2, "b", 20)]
        assert lake.write(run, "fresh", "select 2 as id", mode="append") == 2
        run.publish()
    assert lake.plain_rows("added") == CHANGED["added"][1]
    assert lake.plain_rows("dropped") == [(1, "a", 10), (2, "b", 20)]
    assert lake.plain_rows("fresh") == [(1,), (2,)]
    assert lake.seen("added")["properties"]["owner"] == "first"
    summary = lake.table("fresh").current_snapshot().summary  # type: ignore[union-attr]
    assert summary is not None
    assert summary["floe.attempt"] == "2"


@pytest.mark.requirement("FR-028")
def test_a_second_attempt_that_reuses_nothing_starts_from_what_is_published(lake: Lake) -> None:
    publish_base(lake)
    for attempt in (1, 2, 3):
        with lake.manager.run(identity("r1", attempt)) as run:
            assert run.written == {}
            assert lake.rows("added", run) == [(1, "a", 10), (2, "b", 20)]
            assert lake.write(run, "added", "select 3 as id, 'c' as v, 30 as n", mode="append") == 3
            assert lake.write(run, "fresh", "select 1 as id", mode="append") == 1
            if attempt == 3:
                run.publish()
    assert lake.plain_rows("added") == [(1, "a", 10), (2, "b", 20), (3, "c", 30)]
    assert lake.plain_rows("fresh") == [(1,)]
    assert len(lake.seen("added")["history"]) == 2


@pytest.mark.requirement("FR-028")
def test_what_a_second_attempt_reuses_is_not_published_over_a_table_that_moved(lake: Lake) -> None:
    publish_base(lake)
    with lake.manager.run(identity("r1")) as run:
        lake.write(run, "added", CHANGED["added"][0])
    lake.table("added").delete("id = 1")
    with (
        lake.manager.run(identity("r1", attempt=2), reuse=["model.shop.added"]) as run,
        pytest.raises(ConflictError, match=re.escape("'shop.added'")),
    ):
        run.publish()
    assert lake.plain_rows("added") == [(2, "b", 20)]


@pytest.mark.requirement("FR-022")
def test_one_table_written_twice_in_a_run_holds_both_writes(lake: Lake) -> None:
    publish_base(lake)
    with lake.manager.run(identity("r1")) as run:
        assert lake.write(run, "added", "select 3 as id, 'c' as v, 30 as n", mode="append") == 3
        assert lake.write(run, "added", "select 4 as id, 'd' as v, 40 as n", mode="append") == 4
        run.publish()
    assert lake.plain_rows("added") == [(1, "a", 10), (2, "b", 20), (3, "c", 30), (4, "d", 40)]


@pytest.mark.requirement("FR-022")
def test_a_run_can_publish_more_than_once_and_publishing_nothing_does_nothing(lake: Lake) -> None:
    publish_base(lake)
    with lake.manager.run(identity("r1")) as run:
        run.publish()
        lake.write(run, "added", "select 1 as id")
        run.publish()
        files = set(lake.home.rglob("*"))
        run.publish()
        assert set(lake.home.rglob("*")) == files
        lake.write(run, "added", "select 2 as id", mode="append")
        assert lake.plain_rows("added") == [(1,)]
        run.publish()
    assert lake.plain_rows("added") == [(1,), (2,)]


@pytest.mark.requirement("FR-022")
def test_a_process_is_in_one_run_at_a_time(lake: Lake) -> None:
    with lake.manager.run(identity("r1")) as run:
        assert current_run() is run
        with pytest.raises(ConflictError, match="in the run 'r1' already"), lake.manager.run(identity("r2")):
            pass
        assert current_run() is run
    assert current_run() is None


@pytest.mark.requirement("FR-022", "FR-091")
def test_a_partitioned_table_of_others_keeps_its_layout_until_a_run_is_published(lake: Lake) -> None:
    catalog = lake.plain()
    catalog.create_namespace("shop")
    schema = Schema(
        NestedField(1, "id", LongType(), required=True),
        NestedField(2, "day", StringType()),
        NestedField(3, "n", IntegerType()),
        identifier_field_ids=[1],
    )
    spec = PartitionSpec(PartitionField(2, 1000, IdentityTransform(), "day"))
    catalog.create_table(lake.id("theirs"), schema, partition_spec=spec)
    rows = lake.con.execute(
        "select 1::bigint id, 'mon' as day, 1 as n union all select 2, 'tue', 2"
    ).to_arrow_table()
    table = catalog.load_table(lake.id("theirs"))
    table.append(rows.cast(table.schema().as_arrow()))
    before = lake.seen("theirs")

    with lake.manager.run(identity("r1")) as run:
        assert (
            lake.write(
                run, "theirs", "select 3 as id, 'wed' as day", "append", on_schema_change="append_new_columns"
            )
            == 3
        )
        assert (
            lake.write(run, "theirs", "select 2 as id, 'x' as day, 9 as n", "merge", unique_key=["id"]) == 3
        )
        assert lake.seen("theirs") == before
        run.publish()
    assert lake.plain_rows("theirs") == [(1, "mon", 1), (2, "x", 9), (3, "wed", None)]
    assert lake.seen("theirs")["spec"] == before["spec"]

    lake.publish("r2", "theirs", "select 5 as id")
    assert lake.plain_rows("theirs") == [(5,)]
    assert lake.table("theirs").spec().is_unpartitioned()
    assert lake.table("theirs").metadata.snapshot_by_name("main").summary["total-records"] == "1"  # type: ignore[union-attr,index]


@pytest.mark.requirement("FR-022")
def test_an_empty_table_of_others_can_be_written(lake: Lake) -> None:
    catalog = lake.plain()
    catalog.create_namespace("shop")
    catalog.create_table(lake.id("theirs"), Schema(NestedField(1, "id", LongType())))
    assert lake.rows("theirs") == []
    lake.publish("r1", "theirs", "select 4 as id", mode="append")
    assert lake.plain_rows("theirs") == [(4,)]


@pytest.mark.requirement("FR-022")
def test_every_snapshot_says_which_run_and_model_made_it_and_how_much_there_is(lake: Lake) -> None:
    lake.publish("r1", "t", "select unnest(range(10)) as id")
    lake.publish("r2", "t", "select unnest(range(5, 15)) as id", mode="append")
    lake.publish("r3", "t", "select 3 as id where false")
    summaries = [snapshot.summary for snapshot in lake.table("t").metadata.snapshots]
    told = [
        {key: summary[key] for key in ("floe.run-id", "total-records", "total-data-files", "deleted-records")}
        for summary in summaries
        if summary
    ]
    assert told == [
        {"floe.run-id": "r1", "total-records": "10", "total-data-files": "1", "deleted-records": None},
        {"floe.run-id": "r2", "total-records": "20", "total-data-files": "2", "deleted-records": None},
        {"floe.run-id": "r3", "total-records": "0", "total-data-files": "0", "deleted-records": "20"},
    ]
    first = summaries[0]
    assert first is not None
    assert {key: first[key] for key in identity("r1").summary("m")} == {
        **identity("r1").summary("model.shop.t"),
    }
    assert lake.plain_rows("t") == []
    assert lake.rows("t") == []
