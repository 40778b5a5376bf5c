"""Which columns keep their ids, and what dbt's on_schema_change does."""

from __future__ import annotations

from typing import Any

import pytest

from floe_core.errors import WorkError
from floe_iceberg import Docs
from testing.lake import Lake, identity


def columns(lake: Lake) -> list[tuple[Any, ...]]:
    return [column[:3] for column in lake.seen("t")["columns"]]


@pytest.mark.requirement("FR-090")
@pytest.mark.parametrize(
    ("old", "new", "kept"),
    [
        ("1::int", "1::int", True),
        ("1::int", "1::bigint", True),
        ("1::float", "1::double", True),
        ("1::decimal(5,2)", "1::decimal(9,2)", True),
        ("1::bigint", "1::int", False),
        ("1::decimal(9,2)", "1::decimal(5,2)", False),
        ("1::decimal(5,2)", "1::decimal(9,3)", False),
        ("1::int", "'x'", False),
        ("date '2024-01-01'", "timestamp '2024-01-01'", False),
        ("[1]", "[1::bigint]", True),
        ("[1]", "['x']", False),
        ("{'a': 1}", "{'a': 1, 'b': 2}", True),
        ("map {'a': 1}", "map {'a': 1::bigint}", True),
        ("map {'a': 1}", "map {1: 1}", False),
    ],
)
def test_a_column_keeps_its_id_only_while_its_type_stays_or_is_promoted(
    lake: Lake, old: str, new: str, kept: bool
) -> None:
    lake.publish("r1", "t", f"select 0 as first, {old} as x, 9 as last")
    before = {column[1]: column[0] for column in columns(lake)}
    lake.publish("r2", "t", f"select 9 as last, {new} as x, 0 as first")
    after = {column[1]: column[0] for column in columns(lake)}
    assert (after["x"] == before["x"]) is kept
    assert (after["first"], after["last"]) == (before["first"], before["last"])
    assert [column[1] for column in columns(lake)] == ["last", "x", "first"]
    assert lake.rows("t") == lake.con.execute(f"select 9, {new}, 0").fetchall()


@pytest.mark.requirement("FR-090")
def test_the_parts_of_a_nested_column_keep_their_ids_by_name(lake: Lake) -> None:
    lake.publish("r1", "t", "select {'a': 1, 'b': [{'c': 'x'}]} as s")
    assert columns(lake) == [
        (1, "s", "struct<2: a: optional int, 3: b: optional list<struct<5: c: optional string>>>")
    ]
    lake.publish("r2", "t", "select {'b': [{'c': 1, 'd': true}], 'a': 1::bigint} as s")
    ((column, _, second),) = columns(lake)
    assert column == 1
    assert second == (
        "struct<3: b: optional list<struct<6: c: optional int, 7: d: optional boolean>>, 2: a: optional long>"
    )
    assert lake.plain_rows("t") == [({"b": [{"c": 1, "d": True}], "a": 1},)]


@pytest.mark.requirement("FR-090")
def test_a_column_that_comes_back_gets_a_new_id(lake: Lake) -> None:
    lake.publish("r1", "t", "select 1 as id, 2 as x")
    lake.publish("r2", "t", "select 1 as id")
    lake.publish("r3", "t", "select 1 as id, 2 as x")
    assert columns(lake) == [(1, "id", "int"), (3, "x", "int")]


@pytest.mark.requirement("FR-090")
def test_a_column_renamed_in_case_only_stays_the_same_column(lake: Lake) -> None:
    lake.publish("r1", "t", 'select 1 as "Id"')
    lake.publish("r2", "t", 'select 2 as "ID"', mode="append")
    assert columns(lake) == [(1, "Id", "int")]
    lake.publish("r3", "t", "select 3 as id")
    assert columns(lake) == [(1, "id", "int")]


@pytest.mark.requirement("FR-090")
def test_the_same_columns_again_add_no_schema(lake: Lake) -> None:
    for number in range(3):
        lake.publish(f"r{number}", "t", "select 1 as id, {'a': [1]} as s")
    assert len(lake.table("t").metadata.schemas) == 1
    assert lake.table("t").metadata.last_column_id == 4


@pytest.mark.requirement("FR-090")
def test_docs_are_published_with_the_run_and_stay_until_others_are_given(lake: Lake) -> None:
    lake.publish("r1", "t", "select 1 as id, 2 as n", docs=Docs("things", {"id": "the key"}))
    assert [column[3] for column in lake.seen("t")["columns"]] == ["the key", None]
    lake.publish(
        "r2", "t", "select 1 as id, 2 as n, 3 as x", mode="append", on_schema_change="append_new_columns"
    )
    assert [column[3] for column in lake.seen("t")["columns"]] == ["the key", None, None]
    assert lake.seen("t")["properties"] == {
        "comment": "things",
        "read.parquet.vectorization.enabled": "false",
    }
    lake.publish("r3", "t", "select 1 as id, 2 as n", docs=Docs(columns={"n": "a number"}))
    assert [column[3] for column in lake.seen("t")["columns"]] == [None, "a number"]


BASE = "select * from (values (1, 'a', 10), (2, 'b', 20)) t(id, v, n)"


@pytest.fixture(params=["append", "merge"])
def incremental(request: pytest.FixtureRequest, lake: Lake) -> Any:
    """Writes of one incremental run after another on a table that holds BASE."""
    lake.publish("base", "t", BASE)
    more = {"unique_key": ["id"]} if request.param == "merge" else {}

    def write(sql: str, on_schema_change: str) -> list[tuple[Any, ...]]:
        with lake.manager.run(identity(f"run-{on_schema_change}")) as run:
            lake.write(run, "t", sql, request.param, on_schema_change=on_schema_change, **more)
            rows = lake.rows("t", run)
            run.publish()
        assert lake.plain_rows("t") == rows
        return rows

    return write


@pytest.mark.requirement("FR-025", "FR-090")
def test_ignore_leaves_new_columns_out_and_casts_to_the_table(lake: Lake, incremental: Any) -> None:
    assert incremental("select 30::bigint as n, 3 as id, 7 as x, 'c' as v", "ignore") == [
        (1, "a", 10),
        (2, "b", 20),
        (3, "c", 30),
    ]
    assert columns(lake) == [(1, "id", "int"), (2, "v", "string"), (3, "n", "int")]


@pytest.mark.requirement("FR-025", "FR-090")
@pytest.mark.parametrize("mode", ["append", "delete+insert"])
def test_ignore_refuses_a_query_that_lost_a_column(lake: Lake, mode: str) -> None:
    lake.publish("base", "t", BASE)
    with (
        pytest.raises(WorkError, match="the table has columns the query no longer returns: 'v', 'n'"),
        lake.manager.run(identity("r")) as run,
    ):
        lake.write(run, "t", "select 3 as id", mode, on_schema_change="ignore", unique_key=["id"])
    assert lake.plain_rows("t") == [(1, "a", 10), (2, "b", 20)]


@pytest.mark.requirement("FR-025", "FR-090")
def test_a_merge_keeps_what_a_query_that_lost_a_column_says_nothing_of(lake: Lake) -> None:
    lake.publish("base", "t", BASE)
    sql = "select * from (values (2, 21, 0), (3, 30, 0)) t(id, n, ignored)"
    lake.publish("r", "t", sql, mode="merge", on_schema_change="ignore", unique_key=["id"])
    assert lake.plain_rows("t") == [(1, "a", 10), (2, "b", 21), (3, None, 30)]
    assert columns(lake) == [(1, "id", "int"), (2, "v", "string"), (3, "n", "int")]


@pytest.mark.requirement("FR-025", "FR-090")
def test_fail_refuses_any_change_and_names_it(lake: Lake, incremental: Any) -> None:
    with pytest.raises(WorkError, match="no longer the table's: added 'x'; dropped 'v'; retyped 'n'"):
        incremental("select 3 as id, 30::bigint as n, 7 as x", "fail")
    assert incremental(BASE.replace("(1, 'a', 10), (2", "(3, 'c', 30), (4"), "fail") == [
        (1, "a", 10),
        (2, "b", 20),
        (3, "c", 30),
        (4, "b", 20),
    ]


@pytest.mark.requirement("FR-025", "FR-090")
def test_append_new_columns_adds_them_and_keeps_those_the_query_lost(lake: Lake, incremental: Any) -> None:
    assert incremental("select 3 as id, 7 as x, 30 as n", "append_new_columns") == [
        (1, "a", 10, None),
        (2, "b", 20, None),
        (3, None, 30, 7),
    ]
    assert columns(lake) == [(1, "id", "int"), (2, "v", "string"), (3, "n", "int"), (4, "x", "int")]


@pytest.mark.requirement("FR-025", "FR-090")
def test_sync_all_columns_makes_the_table_what_the_query_is(lake: Lake, incremental: Any) -> None:
    assert incremental("select 3 as id, 7 as x, 30::bigint as n", "sync_all_columns") == [
        (1, 10, None),
        (2, 20, None),
        (3, 30, 7),
    ]
    assert columns(lake) == [(1, "id", "int"), (3, "n", "long"), (4, "x", "int")]


@pytest.mark.requirement("FR-025", "FR-090")
def test_sync_all_columns_converts_the_rows_of_a_retyped_column(lake: Lake, incremental: Any) -> None:
    assert incremental("select 3 as id, 'c' as v, 'many' as n, {'a': 1} as s", "sync_all_columns") == [
        (1, "a", "10", None),
        (2, "b", "20", None),
        (3, "c", "many", {"a": 1}),
    ]
    assert columns(lake)[2][:2] == (4, "n")
    assert incremental("select 4 as id, 'd' as v, 'x' as n, {'b': 2, 'a': 3} as s", "sync_all_columns") == [
        (1, "a", "10", None),
        (2, "b", "20", None),
        (3, "c", "many", {"b": None, "a": 1}),
        (4, "d", "x", {"b": 2, "a": 3}),
    ]


@pytest.mark.requirement("FR-025", "FR-090")
def test_a_merged_row_keeps_what_it_had_in_columns_the_query_lost(lake: Lake) -> None:
    lake.publish("base", "t", BASE)
    sql = "select * from (values (2, 99), (3, 30)) t(id, n)"
    lake.publish("r1", "t", sql, "merge", unique_key=["id"], on_schema_change="append_new_columns")
    assert lake.plain_rows("t") == [(1, "a", 10), (2, "b", 99), (3, None, 30)]
