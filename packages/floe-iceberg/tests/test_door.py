"""The manager as the one door: every operation by itself, published at once and explaining itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from floe_core.errors import ConflictError, FloeError, SpecError
from floe_core.lake import MaintenancePolicy, branch_of
from floe_iceberg import Alteration
from testing.foreign import delete_positions
from testing.lake import Lake, identity

BY = identity("hand")


def versions(lake: Lake, name: str) -> int:
    """How often the catalog has been told of the table: one metadata file each time."""
    return len(lake.table(name).metadata.metadata_log) + 1


def code(error: pytest.ExceptionInfo[FloeError]) -> str:
    return error.value.problems[0].code


@pytest.mark.requirement("FR-022")
def test_a_table_is_made_filled_merged_and_emptied_through_the_door(lake: Lake) -> None:
    door, t = lake.manager, lake.id("t")
    door.create(t, {"k": "int", "v": "varchar"}, by=BY, partition_by=["bucket(4, k)"], sort_by=["v desc"])
    assert (lake.plain_rows("t"), door.columns(t)) == ([], [("k", "INTEGER"), ("v", "VARCHAR")])
    door.append(lake.con, t, "select 1 as k, 'a' as v union all select 2, 'b'", by=BY)
    door.merge(lake.con, t, "select 2 as k, 'B' as v union all select 3, 'c'", unique_key=["k"], by=BY)
    assert lake.plain_rows("t") == [(1, "a"), (2, "B"), (3, "c")]
    assert door.delete(lake.con, t, "k > 2", by=BY) == 1
    assert lake.plain_rows("t") == [(1, "a"), (2, "B")]
    door.overwrite(lake.con, t, "select 9 as k", by=BY)
    assert (lake.plain_rows("t"), door.columns(t)) == ([(9,)], [("k", "INTEGER")])


@pytest.mark.requirement("FR-022")
def test_a_table_that_is_there_is_not_made_again(lake: Lake) -> None:
    lake.manager.create(lake.id("t"), {"k": "int"}, by=BY)
    with pytest.raises(SpecError, match=r"there is a table 'shop\.t' already") as refused:
        lake.manager.create(lake.id("t"), {"other": "int"}, by=BY)
    assert code(refused) == "FLOE-E445"
    assert lake.manager.columns(lake.id("t")) == [("k", "INTEGER")]


@pytest.mark.requirement("FR-090")
def test_columns_are_added_renamed_widened_reordered_and_dropped_without_rewriting_a_file(lake: Lake) -> None:
    door, t = lake.manager, lake.id("t")
    door.append(lake.con, t, "select 1 as a, 2 as b, 3::float as c, 4::decimal(5,2) as d", by=BY)
    files = set(lake.home.rglob("*.parquet"))
    ids = {field.name: field.field_id for field in lake.table("t").schema().fields}
    door.evolve(
        t,
        Alteration(
            drop=["b"],
            widen={"a": "bigint", "c": "double", "d": "decimal(9,2)"},
            rename={"a": "key"},
            add={"e": "varchar", "f": "struct(x int, y int[])"},
            order=["e", "key"],
        ),
        by=BY,
    )
    assert door.columns(t) == [
        ("e", "VARCHAR"),
        ("key", "BIGINT"),
        ("c", "DOUBLE"),
        ("d", "DECIMAL(9,2)"),
        ("f", 'STRUCT("x" INTEGER, "y" INTEGER[])'),
    ]
    assert set(lake.home.rglob("*.parquet")) == files
    assert [tuple(map(str, row)) for row in lake.plain_rows("t")] == [("None", "1", "3.0", "4.00", "None")]
    assert lake.rows("t") == lake.plain_rows("t")
    after = {field.name: field.field_id for field in lake.table("t").schema().fields}
    assert (after["key"], after["c"], after["d"]) == (ids["a"], ids["c"], ids["d"])
    assert after["e"] not in ids.values()
    door.append(
        lake.con, t, "select 'new' as e, 5::bigint as key", by=BY, on_schema_change="append_new_columns"
    )
    assert [row[:2] for row in lake.plain_rows("t")] == [("new", 5), (None, 1)]


@pytest.mark.requirement("FR-090")
@pytest.mark.parametrize(
    ("alteration", "said"),
    [
        (Alteration(drop=["nope"]), "'nope' names no column of the table"),
        (Alteration(drop=["k", "v"]), "a table needs a column"),
        (Alteration(widen={"v": "int"}), "column 'v' cannot be widened from 'string' to 'int'"),
        (Alteration(widen={"k": "smallint"}), None),
        (Alteration(add={"K": "int"}), "two columns have one name in Iceberg: 'k'"),
        (Alteration(rename={"k": "v"}), "two columns have one name in Iceberg"),
        (Alteration(add={"n": "interval"}), "column 'n' has the type 'INTERVAL'"),
    ],
)
def test_a_change_of_columns_that_cannot_be_is_refused_and_changes_nothing(
    lake: Lake, alteration: Alteration, said: str | None
) -> None:
    lake.publish("base", "t", "select 1 as k, 'x' as v")
    before = lake.seen("t")
    if said is None:  # an int is what Iceberg makes of a smallint
        lake.manager.evolve(lake.id("t"), alteration, by=BY)
        assert lake.manager.columns(lake.id("t")) == [("k", "INTEGER"), ("v", "VARCHAR")]
        return
    with pytest.raises(SpecError, match=said):
        lake.manager.evolve(lake.id("t"), alteration, by=BY)
    assert lake.seen("t") == before


@pytest.mark.requirement("FR-091")
def test_partitions_and_order_change_and_old_data_stays_readable(lake: Lake) -> None:
    door, t = lake.manager, lake.id("t")
    door.append(lake.con, t, "select range::int as k, 'v' || range as v from range(8)", by=BY)
    door.evolve(t, by=BY, partition_by=["bucket(2, k)"], sort_by=["v desc nulls first"])
    door.append(lake.con, t, "select 8 + range::int as k, 'v' || range as v from range(8)", by=BY)
    door.evolve(t, by=BY, partition_by=["truncate(4, k)"], sort_by=[])
    door.append(lake.con, t, "select 16 + range::int as k, 'v' || range as v from range(8)", by=BY)
    assert [row[0] for row in sorted(lake.plain_rows("t"))] == list(range(24))
    assert lake.rows("t") == lake.plain_rows("t")
    files = [task.file for task in lake.table("t").scan().plan_files()]
    assert sorted((file.spec_id, file.record_count) for file in files)[0] == (0, 8)
    assert sorted({file.spec_id for file in files}) == [0, 1, 2]
    assert len([file for file in files if file.spec_id == 2]) == 2
    assert (door.describe(t).partition_by, door.describe(t).sort_by) == (("truncate(4, k)",), ())


@pytest.mark.requirement("FR-092")
def test_a_tag_is_read_by_its_name_and_survives_maintenance(lake: Lake) -> None:
    door, t = lake.manager, lake.id("t")
    door.append(lake.con, t, "select 0 as k", by=BY)
    released = door.tag(t, "v1.0.0")
    for number in range(1, 9):
        door.overwrite(lake.con, t, f"select {number} as k, 'more' as v", by=BY)
    assert len(door.expire_snapshots(t, keep_last=1)) == 7
    later = datetime.now(UTC) + timedelta(days=3)
    for hours in (0, 2):
        now = later + timedelta(hours=hours)
        [report] = door.remove_unreachable([t], MaintenancePolicy(), living={}, now=now)
    assert report.files_removed > 7
    assert lake.con.execute(door.scan_sql(t, as_of="v1.0.0") or "").fetchall() == [(0,)]
    assert lake.table("t").scan(snapshot_id=released).to_arrow().to_pylist() == [{"k": 0}]
    assert door.describe(t).tags == {"v1.0.0": released}
    door.drop_tag(t, "v1.0.0")
    assert door.expire_snapshots(t, keep_last=0) == []  # nothing leads to it now: it goes once it is old
    with pytest.raises(SpecError, match=r"table 'shop\.t' has no tag or branch 'v1\.0\.0'"):
        door.scan_sql(t, as_of="v1.0.0")


@pytest.mark.requirement("FR-092")
def test_names_of_snapshots_are_given_once_and_runs_and_main_keep_theirs(lake: Lake) -> None:
    door, t = lake.manager, lake.id("t")
    door.append(lake.con, t, "select 0 as k", by=BY)
    door.tag(t, "a")
    before = lake.seen("t")
    refused: list[str] = []
    for attempt in (
        lambda: door.tag(t, "a"),
        lambda: door.branch(t, "a"),
        lambda: door.tag(t, "main"),
        lambda: door.branch(t, branch_of("r1")),
        lambda: door.append(lake.con, t, "select 1 as k", by=BY, branch="a"),
        lambda: door.append(lake.con, t, "select 1 as k", by=BY, branch="main"),
        lambda: door.drop_branch(t, "a"),
        lambda: door.drop_branch(t, "main"),
        lambda: door.tag(lake.id("none"), "b"),
        lambda: door.tag(t, "b", at=17),
    ):
        with pytest.raises(SpecError) as error:
            attempt()
        refused.append(code(error))
    taken, reserved, missing = "FLOE-E443", "FLOE-E442", "FLOE-E444"
    assert refused == [
        *(taken, taken, reserved, reserved, taken, reserved),
        *(missing, missing, "FLOE-E441", "FLOE-E440"),
    ]
    assert lake.seen("t") == before


@pytest.mark.requirement("FR-022")
def test_what_is_written_to_a_branch_shows_once_it_is_published_in_all_tables_at_once(lake: Lake) -> None:
    door, t, new = lake.manager, lake.id("t"), lake.id("new")
    door.append(lake.con, t, "select 1 as k", by=BY)
    before = lake.seen("t")
    door.branch(t, "audit")
    door.append(lake.con, t, "select 2 as k", by=BY, branch="audit")
    door.evolve(t, Alteration(rename={"k": "key"}), by=BY, branch="audit", sort_by=["key"])
    door.append(lake.con, t, "select 3 as key", by=BY, branch="audit")
    door.append(lake.con, new, "select 'new' as v", by=BY, branch="audit")
    assert lake.seen("t") == before
    assert door.table_names("shop") == ["t"]
    assert sorted(lake.con.execute(door.scan_sql(t, as_of="audit") or "").fetchall()) == [(1,), (2,), (3,)]
    assert lake.con.execute(door.scan_sql(new, as_of="audit") or "").fetchall() == [("new",)]
    assert door.publish("audit", by=BY) == [new, t]
    assert (lake.plain_rows("t"), lake.plain_rows("new")) == ([(1,), (2,), (3,)], [("new",)])
    described = door.describe(t)
    assert [column.name for column in described.columns] == ["key"]
    assert (described.sort_by, list(described.branches)) == (("key",), ["main"])


@pytest.mark.requirement("FR-022")
def test_a_branch_whose_base_moved_is_not_published_over_it(lake: Lake) -> None:
    door, t, other = lake.manager, lake.id("t"), lake.id("other")
    for table in (t, other):
        door.append(lake.con, table, "select 1 as k", by=BY)
        door.branch(table, "audit")
        door.append(lake.con, table, "select 2 as k", by=BY, branch="audit")
    door.append(lake.con, t, "select 7 as k", by=identity("rival"))
    before = [lake.seen("t"), lake.seen("other")]
    with pytest.raises(ConflictError, match=r"'shop\.t'") as told:
        door.publish("audit", by=BY)
    assert "shop.other" not in str(told.value)
    assert [lake.seen("t"), lake.seen("other")] == before


@pytest.mark.requirement("FR-028")
def test_what_a_failed_run_left_can_be_published_by_its_branch(lake: Lake) -> None:
    lake.publish("base", "t", "select 1 as k")
    with lake.manager.run(identity("r1")) as run:
        lake.write(run, "t", "select 2 as k", "append")
    assert lake.plain_rows("t") == [(1,)]
    assert lake.manager.publish(branch_of("r1"), by=BY) == [lake.id("t")]
    assert lake.plain_rows("t") == [(1,), (2,)]
    assert lake.manager.unpublished("r1") == []


@pytest.mark.disk
@pytest.mark.requirement("FR-074", "FR-092")
def test_rolling_back_is_one_commit_of_all_tables_and_loses_no_history(lake: Lake) -> None:
    door, names = lake.manager, ("a", "b", "c")
    tables = [lake.id(name) for name in names]
    with door.run(identity("first")) as run:
        for name in names:
            lake.write(run, name, f"select 1 as k, '{name}' as v")
        run.publish()
    good = datetime.now(UTC)
    with door.run(identity("bad")) as run:
        for name in names:
            lake.write(run, name, "select 2 as k, 3 as w, 'lost' as x")
        run.publish()
    bad = {name: lake.table(name).metadata.current_snapshot_id for name in names}
    after_bad = datetime.now(UTC)
    before = {name: lake.table(name).history() for name in names}

    written = door.roll_back(tables, good, by=BY)

    assert [lake.plain_rows(name) for name in names] == [[(1, name)] for name in names]
    assert [lake.rows(name) for name in names] == [[(1, name)] for name in names]
    assert [one.rows for one in written] == [1, 1, 1]
    for name, table in zip(names, tables, strict=True):
        history = lake.table(name).history()
        assert history[:-1] == before[name]  # one step for readers, on top of all there was
        parent = lake.table(name).metadata.current_snapshot().parent_snapshot_id  # type: ignore[union-attr]
        assert parent == bad[name]
        sql = door.scan_sql(table, as_of=after_bad)
        assert lake.con.execute(sql or "").fetchall() == [(2, 3, "lost")]
        assert door.is_published("shop", name, bad[name] or 0)
    moments = {lake.table(name).history()[-1].timestamp_ms for name in names}
    assert len(moments) == 1
    # and forth again
    door.roll_back([tables[0]], bad["a"] or 0, by=BY)
    assert lake.plain_rows("a") == [(2, 3, "lost")]


@pytest.mark.requirement("FR-074")
def test_one_table_that_was_not_there_then_keeps_all_from_rolling_back(lake: Lake) -> None:
    door = lake.manager
    door.append(lake.con, lake.id("a"), "select 1 as k", by=BY)
    good = datetime.now(UTC)
    door.append(lake.con, lake.id("a"), "select 2 as k", by=BY)
    door.append(lake.con, lake.id("b"), "select 1 as k", by=BY)
    before = [lake.seen("a"), lake.seen("b")]
    with pytest.raises(SpecError, match=r"table 'shop\.b' cannot be read as of"):
        door.roll_back([lake.id("a"), lake.id("b")], good, by=BY)
    assert [lake.seen("a"), lake.seen("b")] == before


@pytest.mark.requirement("FR-074")
def test_rows_deleted_by_position_come_back_by_rolling_back_and_go_by_rolling_forth(lake: Lake) -> None:
    door, t = lake.manager, lake.id("t")
    door.append(lake.con, t, "select range as k from range(4)", by=BY)
    whole = lake.table("t").metadata.current_snapshot_id or 0
    [file] = [task.file.file_path for task in lake.table("t").scan().plan_files()]
    delete_positions(lake.table("t"), {file: [1, 2]})
    holed = lake.table("t").metadata.current_snapshot_id or 0
    assert lake.plain_rows("t") == [(0,), (3,)]
    door.roll_back([t], whole, by=BY)
    assert lake.plain_rows("t") == lake.rows("t") == [(0,), (1,), (2,), (3,)]
    door.roll_back([t], holed, by=BY)
    assert lake.plain_rows("t") == lake.rows("t") == [(0,), (3,)]
    assert door.describe(t).rows == 2


@pytest.mark.requirement("FR-022")
def test_a_snapshot_that_others_wrote_may_say_anything(lake: Lake) -> None:
    door, t = lake.manager, lake.id("t")
    door.append(lake.con, t, "select 1 as k", by=BY)
    table = lake.table("t")
    table.append(
        table.scan().to_arrow(), snapshot_properties={"floe.attempt": "first", "floe.run-id": "mine"}
    )
    own, foreign = door.describe(t).snapshots
    assert (own.attempt, own.rows) == (BY.attempt, 1)
    assert (foreign.attempt, foreign.run_id, foreign.rows) == (None, "mine", 2)


@pytest.mark.requirement("FR-022")
def test_every_snapshot_explains_itself_and_its_totals_are_true_after_every_operation(lake: Lake) -> None:
    door, t, by = lake.manager, lake.id("t"), replace(BY, run_id="r1", attempt=2)
    operations: list[tuple[str, Any]] = [
        ("floe.create", lambda: door.create(t, {"k": "int", "v": "int"}, by=by)),
        ("floe.append", lambda: door.append(lake.con, t, "select range::int k, 1 v from range(9)", by=by)),
        ("floe.append", lambda: door.append(lake.con, t, "select 9 k, 1 v", by=by)),
        ("floe.merge", lambda: door.merge(lake.con, t, "select 3 k, 2 v", unique_key=["k"], by=by)),
        ("floe.delete", lambda: door.delete(lake.con, t, "k < 2", by=by)),
        ("floe.delete", lambda: door.delete(lake.con, t, "k = 9", by=by)),
        ("floe.evolve", lambda: door.evolve(t, by=by, partition_by=["bucket(4, k)"])),
        ("floe.append", lambda: door.append(lake.con, t, "select range::int k, 3 v from range(5)", by=by)),
        ("floe.append", lambda: door.append(lake.con, t, "select range::int k, 3 v from range(5)", by=by)),
        ("floe.compaction", lambda: door.compact(t, by=by)),
        ("floe.overwrite", lambda: door.overwrite(lake.con, t, "select 1 k", by=by)),
        ("floe.roll-back", lambda: door.roll_back([t], door.describe(t).snapshots[-2].snapshot_id, by=by)),
    ]
    for model, operation in operations:
        operation()
        described = door.describe(t)
        last = described.snapshots[-1]
        assert (last.model, last.snapshot_id) == (model, described.snapshot_id)
        assert (last.run_id, last.attempt, last.artifact_digest) == ("r1", 2, "d1ce57")
        assert (last.trace_id, last.git_commit) == ("7ace", "c0ffee")
        files = [task.file for task in lake.table("t").scan().plan_files()]
        assert described.rows == len(lake.plain_rows("t")) == last.rows
        assert (described.files, described.bytes) == (
            len(files),
            sum(file.file_size_in_bytes for file in files),
        )
    assert [one.model for one in door.describe(t).snapshots] == [model for model, _ in operations]


@pytest.mark.requirement("FR-022")
def test_a_description_tells_layout_docs_and_what_is_not_there(lake: Lake) -> None:
    door, t = lake.manager, lake.id("t")
    sql = "select 1 as k, timestamp '2024-05-06 07:08:09' as at, 'x' as v"
    door.append(
        lake.con, t, sql, by=BY,
        partition_by=["day(at)", "bucket(8, k)", "truncate(2, v)", "v"], sort_by=["k desc", "v nulls last"],
    )  # fmt: skip
    described = door.describe(t)
    assert described.partition_by == ("day(at)", "bucket(8, k)", "truncate(2, v)", "v")
    assert described.sort_by == ("k desc", "v nulls last")
    assert (described.rows, described.files, list(described.branches)) == (1, 1, ["main"])
    with pytest.raises(SpecError, match=r"there is no published table 'shop\.none'"):
        door.describe(lake.id("none"))
