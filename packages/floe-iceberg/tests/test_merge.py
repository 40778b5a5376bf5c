"""Keyed merges: every key once, only touched files rewritten."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import duckdb
import pytest

from floe_core.errors import SpecError, WorkError
from floe_iceberg import scan
from floe_iceberg.pruning import candidates
from testing.lake import Lake, identity


def data_files(lake: Lake, name: str = "t") -> set[str]:
    return {task.file.file_path for task in lake.table(name).scan().plan_files()}


@pytest.mark.requirement("FR-025")
def test_a_merge_replaces_the_rows_of_its_keys_and_adds_the_others(lake: Lake) -> None:
    lake.publish("r1", "t", "from (values (1, 'a'), (2, 'b')) t(id, v)")
    lake.publish("r2", "t", "from (values ('B', 2), ('c', 3)) t(v, id)", "merge", unique_key=["id"])
    assert lake.plain_rows("t") == [(1, "a"), (2, "B"), (3, "c")]
    assert lake.manager.tables()[0].rows == 3


@pytest.mark.requirement("FR-025")
def test_a_merge_rewrites_only_the_files_that_hold_its_keys(lake: Lake) -> None:
    for start in (0, 100, 200):
        lake.publish(
            f"base-{start}", "t", f"select range + {start} as id, 'old' as v from range(100)", "append"
        )
    before = data_files(lake)
    lake.publish(
        "merge", "t", "from (values (150, 'new'), (500, 'new')) t(id, v)", "merge", unique_key=["id"]
    )
    after = data_files(lake)
    assert len(before) == 3
    assert len(before & after) == 2
    assert len(after) == 3
    summary = lake.table("t").current_snapshot().summary  # type: ignore[union-attr]
    assert summary is not None
    counted = {
        "total-records": "301",
        "total-data-files": "3",
        "deleted-data-files": "1",
        "deleted-records": "100",
        "added-records": "101",
    }
    assert {key: summary[key] for key in counted} == counted
    new = [row for row in lake.plain_rows("t") if row[1] == "new"]
    assert new == [(150, "new"), (500, "new")]


@pytest.mark.requirement("FR-025")
def test_a_merge_of_new_keys_only_removes_nothing(lake: Lake) -> None:
    lake.publish("base", "t", "select range as id from range(10)")
    before = data_files(lake)
    lake.publish("merge", "t", "select 10 as id", "merge", unique_key=["id"])
    assert before < data_files(lake)
    assert lake.plain_rows("t") == sorted(((n,) for n in range(11)), key=repr)


@pytest.mark.requirement("FR-025")
def test_a_merge_of_nothing_changes_no_row(lake: Lake) -> None:
    lake.publish("base", "t", "select range as id from range(3)")
    lake.publish("merge", "t", "select 1 as id where false", "merge", unique_key=["id"])
    assert lake.plain_rows("t") == [(0,), (1,), (2,)]


@pytest.mark.requirement("FR-025")
def test_the_key_may_be_several_columns(lake: Lake) -> None:
    lake.publish("base", "t", "from (values (1, 'x', 10), (1, 'y', 20), (2, 'x', 30)) t(a, b, n)")
    sql = "from (values (1, 'y', 99), (2, 'y', 40)) t(a, b, n)"
    lake.publish("merge", "t", sql, "merge", unique_key=["B", "a"])
    assert lake.plain_rows("t") == [(1, "x", 10), (1, "y", 99), (2, "x", 30), (2, "y", 40)]


@pytest.mark.requirement("FR-025")
def test_a_null_in_a_key_matches_nothing(lake: Lake) -> None:
    lake.publish("base", "t", "from (values (1, null, 10), (null, null, 20)) t(a, b, n)")
    sql = "from (values (1, null, 11), (null, null, 21), (null, null, 22)) t(a, b, n)"
    lake.publish("merge", "t", sql, "merge", unique_key=["a", "b"])
    assert lake.plain_rows("t") == [
        (1, None, 10),
        (1, None, 11),
        (None, None, 20),
        (None, None, 21),
        (None, None, 22),
    ]


@pytest.mark.requirement("FR-025")
def test_a_key_the_query_returns_twice_is_refused_with_its_value(lake: Lake) -> None:
    lake.publish("base", "t", "select 1 as a, date '2024-01-01' as b, 0 as n")
    before = lake.seen("t")
    sql = "select 7 as a, date '2024-02-29' as b, range as n from range(3)"
    with pytest.raises(WorkError) as refused:
        lake.publish("merge", "t", sql, "merge", unique_key=["a", "b"])
    (problem,) = refused.value.problems
    assert problem.message == "the query returns the unique key a = '7', b = '2024-02-29' 3 times"
    assert lake.seen("t") == before
    assert lake.con.execute("select count(*) from duckdb_tables()").fetchall() == [(0,)]


@pytest.mark.requirement("FR-025")
def test_delete_and_insert_replaces_all_rows_of_the_keys_by_all_of_the_query(lake: Lake) -> None:
    lake.publish(
        "base", "t", "from (values (1, 'a', 9), (1, 'b', 9), (2, 'c', 9), (null, 'd', 9)) t(k, v, n)"
    )
    lake.publish("aside", "t", "select 7 as k, 'untouched' as v, 9 as n", "append")
    aside = {task.file.file_path for task in lake.table("t").scan("k = 7").plan_files()}
    sql = "from (values (1, 'x'), (1, 'y'), (3, 'z'), (null, 'new'), (null, 'new')) t(k, v)"
    lake.publish("r2", "t", sql, "delete+insert", unique_key=["k"], on_schema_change="append_new_columns")
    assert lake.plain_rows("t") == [
        (1, "x", None),
        (1, "y", None),
        (2, "c", 9),
        (3, "z", None),
        (7, "untouched", 9),
        (None, "d", 9),
        (None, "new", None),
        (None, "new", None),
    ]
    assert aside < data_files(lake)
    assert lake.manager.tables()[0].rows == 8


@pytest.mark.requirement("FR-025")
@pytest.mark.parametrize(
    ("unique_key", "on_schema_change", "message"),
    [
        (["nope"], "ignore", "the unique key 'nope' is no column"),
        ([], "ignore", "a merge needs a unique_key"),
        (["x"], "append_new_columns", "the table has no column 'x' yet"),
    ],
)
def test_a_key_that_cannot_be_one_is_refused(
    lake: Lake, unique_key: list[str], on_schema_change: str, message: str
) -> None:
    lake.publish("base", "t", "select 1 as id")
    with pytest.raises(SpecError, match=message):
        lake.publish(
            "merge",
            "t",
            "select 1 as id, 2 as x",
            "merge",
            unique_key=unique_key,
            on_schema_change=on_schema_change,
        )
    assert lake.plain_rows("t") == [(1,)]


@pytest.mark.requirement("FR-025")
@pytest.mark.parametrize(
    ("old", "same", "other"),
    [
        ("1.10::decimal(5,2)", "1.1::decimal(3,1)", "1.2::decimal(3,1)"),
        (
            "'é-a-key-beyond-the-bounds'",
            "'é-a-key-beyond-the-bounds'",
            "'é-a-key-beyond-the'",
        ),
        ("timestamp '2024-01-01'", "timestamp '2024-01-01'", "timestamp 'infinity'"),
        ("date '-infinity'", "date '-infinity'", "date '2024-01-01'"),
        ("timestamptz '2024-01-01 00:00:00+00'", "timestamptz '2024-01-01 02:00:00+02'", "current_timestamp"),
        ("true", "true", "false"),
        ("'nan'::double", "'nan'::double", "1.0::double"),
        ("0.0::double", "-0.0::double", "2.0::double"),
        ("9007199254740993::bigint", "9007199254740993::bigint", "9007199254740992::bigint"),
        ("md5('a')::uuid", "md5('a')::uuid", "uuid()"),
        ("'\\xff'::blob", "'\\xff'::blob", "'\\x00'::blob"),
        ("time '10:00'", "time '10:00'", "time '11:00'"),
        ("{'a': [1]}", "{'a': [1]}", "{'a': [2]}"),
        ("5::int", "'5'", "'6'"),
    ],
)
def test_keys_of_every_type_match_by_value(lake: Lake, old: str, same: str, other: str) -> None:
    lake.con.execute("set timezone = 'Asia/Kolkata'")
    lake.publish("base", "t", f"select {old} as k, 'old' as v")
    lake.publish("m1", "t", f"select {same} as k, 'new' as v", "merge", unique_key=["k"])
    assert [row[1] for row in lake.rows("t")] == ["new"]
    lake.publish("m2", "t", f"select {other} as k, 'other' as v", "merge", unique_key=["k"])
    assert sorted(row[1] for row in lake.rows("t")) == ["new", "other"]


@pytest.mark.requirement("FR-025")
def test_a_merge_within_the_adapter_s_own_transaction_leaves_nothing_behind(lake: Lake) -> None:
    lake.publish("base", "t", "select 1 as id, 'a' as v")
    con = lake.con.cursor()
    con.execute("begin")
    with lake.manager.run(identity("r1")) as run:
        run.write(con, lake.id("t"), "select 1 as id, 'b' as v", model="m", mode="merge", unique_key=["id"])
        bad = "select 1 as id, ('x' || id)::int::varchar as v from range(1) t(id)"
        with pytest.raises(duckdb.ConversionException):
            run.write(con, lake.id("t"), bad, model="m", mode="merge", unique_key=["id"])
        con.execute("rollback")
        assert con.execute("select count(*) from duckdb_tables()").fetchall() == [(0,)]
        run.publish()
    assert lake.plain_rows("t") == [(1, "b")]


@pytest.mark.requirement("FR-025")
def test_a_merge_into_a_promoted_column_still_finds_its_keys(lake: Lake) -> None:
    lake.publish("base", "t", "select range::int as id, 'old' as v from range(3)")
    more: dict[str, Any] = {"unique_key": ["id"], "on_schema_change": "sync_all_columns"}
    lake.publish("m1", "t", "from (values (5000000000, 'big'), (1, 'new')) t(id, v)", "merge", **more)
    assert lake.plain_rows("t") == [(0, "old"), (1, "new"), (2, "old"), (5000000000, "big")]
    assert lake.manager.columns(lake.id("t"))[0] == ("id", "BIGINT")
    lake.publish("m2", "t", "select 2::bigint as id, 'two' as v", "merge", **more)
    assert lake.plain_rows("t") == [(0, "old"), (1, "new"), (2, "two"), (5000000000, "big")]


@pytest.mark.requirement("FR-025")
@pytest.mark.parametrize(
    ("keys", "count"), [(["k"], 1), (["day"], 1), (["name"], 1), (["day", "k"], 1), (["half"], 4)]
)
@pytest.mark.parametrize("few", [32, 0])
def test_of_keys_far_apart_the_files_between_are_not_read(
    lake: Lake, keys: list[str], count: int, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("floe_iceberg.pruning._FEW", few)
    columns = "k::int as k, date '2024-01-01' + k::int as day, 'n' || (k + 100) as name, k / 2 as half"
    for start in (0, 10, 20, 30):
        lake.publish(f"r{start}", "t", f"select {columns} from range({start}, {start + 10}) r(k)", "append")
    table = lake.table("t")
    fields = [(field := table.schema().find_field(key), field) for key in keys]
    called = ", ".join(f"{key} as c{field.field_id}" for key, (field, _) in zip(keys, fields, strict=True))
    source = f"select {columns} from (values (5), (800)) v(k)"
    lake.con.execute(f"create temp table s as select {called} from ({source})")
    files = list(table.scan().plan_files())
    found = candidates(lake.con, "s", fields, table.schema(), files)
    assert len(found) == count
    assert {task.file.record_count for task in found} == {10}


@pytest.mark.requirement("FR-025")
def test_endless_days_are_keys_like_others(lake: Lake) -> None:
    for number, day in enumerate(("'infinity'", "'-infinity'", "'2024-01-01'")):
        lake.publish(f"r{number}", "t", f"select {day}::date as k, {number} as v", "append")
    sql = "select unnest(['infinity', '2024-01-01']::date[]) as k, 9 as v"
    lake.publish("m", "t", sql, "merge", unique_key=["k"])
    assert lake.con.execute(
        f"select k::varchar, v from ({lake.manager.scan_sql(lake.id('t'))}) order by k"
    ).fetchall() == [("-infinity", 1), ("2024-01-01", 9), ("infinity", 9)]


@pytest.mark.requirement("FR-025", "FR-032")
def test_files_of_a_keyed_table_are_small_and_stay_so_through_compaction(lake: Lake) -> None:
    sql = "select range as k, md5(range::varchar) || md5((range + 1)::varchar) as v from range(600_000)"
    lake.publish("keyed", "keyed", sql, "merge", unique_key=["k"])
    lake.publish("plain", "plain", sql)
    assert lake.manager.describe(lake.id("plain")).files == 1
    files = lake.manager.describe(lake.id("keyed")).files
    assert files >= 2
    lake.manager.compact(lake.id("keyed"), by=identity("c"))
    assert lake.manager.describe(lake.id("keyed")).files == files
    before = {task.file.file_path for task in lake.table("keyed").scan().plan_files()}
    lake.publish("m", "keyed", "select 17 as k, 'new' as v", "merge", unique_key=["k"])
    after = {task.file.file_path for task in lake.table("keyed").scan().plan_files()}
    assert len(before - after) == 1


@pytest.mark.disk
@pytest.mark.requirement("FR-091")
def test_a_partition_larger_than_a_file_is_cut_up_in_its_order(lake: Lake) -> None:
    value = " || ".join(f"md5((range + {number}000000)::varchar)" for number in range(4))
    sql = f"select range as k, range % 2 as p, {value} as v from range(600_000)"
    lake.publish("r", "t", sql, "merge", unique_key=["k"], partition_by=["p"], sort_by=["k"])
    files = [task.file for task in lake.table("t").scan().plan_files()]
    assert sorted({file.partition[0] for file in files}) == [0, 1]
    assert len(files) >= 4
    assert sum(file.record_count for file in files) == 600_000
    assert max(file.file_size_in_bytes for file in files) < 24 * 1024 * 1024
    for partition in (0, 1):
        spans = sorted(
            tuple(int.from_bytes(found[1], "little") for found in (file.lower_bounds, file.upper_bounds))
            for file in files
            if file.partition[0] == partition
        )
        assert all(high < low for (_, high), (low, _) in pairwise(spans))
    for path in (scan.readable_path(file.file_path) for file in files):
        before = "lag(k) over (order by file_row_number)"
        turns = f"select k < {before} as back from read_parquet(?, file_row_number=true)"
        assert lake.con.execute(f"select count(*) from ({turns}) where back", [path]).fetchone() == (0,)
    stored = list(lake.path(lake.table("t").location()).rglob("*.parquet"))
    assert len(stored) == len(files)
