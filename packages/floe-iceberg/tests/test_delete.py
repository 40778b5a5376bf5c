"""Deleting rows: SQL's meaning of a condition, only touched files rewritten."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest
from pyiceberg.table import Table

from floe_core.errors import ConflictError, SpecError
from testing.foreign import delete_positions
from testing.lake import Lake, identity

MODEL = "model.shop.t"


def delete(lake: Lake, where: str, *, run_id: str = "delete") -> int:
    with lake.manager.run(identity(run_id)) as run:
        deleted = run.delete(lake.con, lake.id("t"), where, model=MODEL)
        run.publish()
    return deleted


def files(lake: Lake) -> set[str]:
    return {task.file.file_path for task in lake.table("t").scan().plan_files()}


def totals(table: Table) -> dict[str, str | None]:
    snapshot = table.current_snapshot()
    assert snapshot is not None
    assert snapshot.summary is not None
    names = ("total-records", "total-data-files", "total-position-deletes", "total-delete-files")
    return {name: snapshot.summary[name] for name in names}


def three_files(lake: Lake) -> None:
    for start in (0, 100, 200):
        lake.publish(f"base-{start}", "t", f"select range + {start} as id from range(100)", "append")


@pytest.mark.requirement("FR-031")
def test_rows_for_which_the_condition_is_null_stay(lake: Lake) -> None:
    lake.publish("base", "t", "from (values (1, 1), (2, 3), (3, null)) t(id, v)")
    assert delete(lake, "v != 3") == 1
    assert lake.plain_rows("t") == [(2, 3), (3, None)]
    lake.table("t").delete("v != 4")  # the naive way takes the NULL row with it
    assert lake.plain_rows("t") == []


@pytest.mark.requirement("FR-031")
def test_only_files_with_matching_rows_are_rewritten(lake: Lake) -> None:
    three_files(lake)
    before = files(lake)
    assert delete(lake, "id % 100 < 10 and id between 100 and 199") == 10
    after = files(lake)
    assert (len(before), len(after), len(before & after)) == (3, 3, 2)
    assert len(lake.plain_rows("t")) == 290
    assert lake.manager.tables()[0].rows == 290
    assert totals(lake.table("t")) == {
        "total-records": "290",
        "total-data-files": "3",
        "total-position-deletes": "0",
        "total-delete-files": "0",
    }


@pytest.mark.requirement("FR-031")
def test_a_file_whose_every_row_goes_is_dropped_without_being_rewritten(lake: Lake) -> None:
    three_files(lake)
    before, written = files(lake), set(lake.home.rglob("*.parquet"))
    assert delete(lake, "id < 200") == 200
    assert len(files(lake)) == 1
    assert files(lake) < before
    assert set(lake.home.rglob("*.parquet")) == written
    snapshot = lake.table("t").current_snapshot()
    assert snapshot is not None
    assert snapshot.summary is not None
    assert snapshot.summary.operation.value == "delete"
    assert totals(lake.table("t"))["total-records"] == "100"
    assert delete(lake, "true", run_id="all") == 100
    assert lake.plain_rows("t") == []
    assert totals(lake.table("t"))["total-data-files"] == "0"
    assert delete(lake, "true", run_id="none") == 0


@pytest.mark.requirement("FR-031")
def test_a_delete_that_matches_nothing_commits_nothing(lake: Lake) -> None:
    three_files(lake)
    before = lake.seen("t")
    assert delete(lake, "id > 1000") == 0
    assert lake.seen("t") == before


@pytest.mark.requirement("FR-031")
@pytest.mark.parametrize(
    ("where", "error"),
    [
        ("nope > 1", duckdb.BinderException),
        ("c1 > 1", duckdb.BinderException),  # what the engine calls a column is nobody's business
        ("id >", duckdb.ParserException),
        ("", duckdb.ParserException),
        ("id = 1) or (id = 2", duckdb.ParserException),
    ],
)
def test_a_condition_that_does_not_bind_is_duckdb_s_error(
    lake: Lake, where: str, error: type[duckdb.Error]
) -> None:
    lake.publish("base", "t", "select 1 as id")
    before = lake.seen("t")
    with pytest.raises(error):
        delete(lake, where)
    assert lake.seen("t") == before
    lake.publish("empty", "t", "select 1 as id where false")
    with pytest.raises(error):
        delete(lake, where, run_id="delete-2")


@pytest.mark.requirement("FR-031")
@pytest.mark.parametrize(
    ("where", "left"),
    [
        ("id = 1 -- the first", [(2, 20), (3, 30)]),
        ("id", []),
        ("t.id in (select 2)", [(1, 10), (3, 30)]),
        ("id in (select doomed from kill)", [(1, 10), (2, 20)]),
        ("c1 = 10", [(2, 20), (3, 30)]),
    ],
)
def test_a_condition_may_be_any_expression_of_sql(
    lake: Lake, where: str, left: list[tuple[Any, ...]]
) -> None:
    lake.con.execute("create view kill as select 3 as doomed")
    lake.publish("base", "t", 'from (values (1, 10), (2, 20), (3, 30)) t(id, "c1")')
    assert delete(lake, where) == 3 - len(left)
    assert lake.plain_rows("t") == left


@pytest.mark.requirement("FR-031")
def test_nobody_sees_a_delete_before_the_run_is_published(lake: Lake) -> None:
    lake.publish("base", "t", "select range as id from range(3)")
    with lake.manager.run(identity("r1")) as run:
        lake.write(run, "t", "select range as id from range(3, 5)", "append")
        assert run.delete(lake.con, lake.id("t"), "id in (1, 4)", model=MODEL) == 2
        assert run.written[MODEL].rows == 3
        assert lake.rows("t", run) == [(0,), (2,), (3,)]
        assert lake.plain_rows("t") == [(0,), (1,), (2,)]
        run.publish()
    assert lake.plain_rows("t") == [(0,), (2,), (3,)]


@pytest.mark.requirement("FR-031")
def test_a_delete_is_fenced_by_the_snapshot_it_read(lake: Lake) -> None:
    lake.publish("base", "t", "select range as id from range(3)")
    with lake.manager.run(identity("r1")) as run:
        run.delete(lake.con, lake.id("t"), "id = 1", model=MODEL)
        lake.table("t").append(lake.table("t").scan(limit=1).to_arrow())
        with pytest.raises(ConflictError, match=r"'shop\.t'"):
            run.publish()
    assert len(lake.plain_rows("t")) == 4


@pytest.mark.requirement("FR-031")
def test_a_table_that_is_not_there_cannot_be_deleted_from(lake: Lake) -> None:
    with lake.manager.run(identity("r1")) as run, pytest.raises(SpecError, match=r"no table 'shop\.t'"):
        run.delete(lake.con, lake.id("t"), "true", model=MODEL)


@pytest.mark.requirement("FR-031", "FR-025")
@pytest.mark.parametrize("merge", [False, True])
def test_rows_somebody_deleted_by_position_are_counted_once(lake: Lake, merge: bool) -> None:
    for start in (0, 10, 20):
        lake.publish(f"base-{start}", "t", f"select range + {start} as id from range(10)", "append")
    table = lake.table("t")
    by_first = {lake.con.read_parquet(str(lake.path(path))).fetchall()[0][0]: path for path in files(lake)}
    delete_positions(table, {by_first[0]: [3, 4], by_first[10]: [5]})
    gone = {3, 4, 15}
    if merge:
        lake.publish("merge", "t", "select 1 as id", "merge", unique_key=["id"])
    else:
        assert delete(lake, "id in (1, 3)") == 1
        gone |= {1}
    assert {row[0] for row in lake.plain_rows("t")} == set(range(30)) - gone
    assert lake.manager.tables()[0].rows == 30 - len(gone)
    assert totals(lake.table("t")) == {
        "total-records": str(30 - len(gone)),
        "total-data-files": "1",  # a delete file without bounds may be about any of the three
        "total-position-deletes": "0",
        "total-delete-files": "0",
    }
