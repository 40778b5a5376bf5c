"""A part of a table is taken, worked over by its taker, and put back; the other files stay as they lie."""

from __future__ import annotations

import pytest

from floe_core.errors import ConflictError
from testing.lake import Lake, identity


def filled(lake: Lake) -> None:
    for number in range(3):
        lake.publish(f"r{number}", "t", f"select {number} as id, 'v{number}' as v", "append")


@pytest.mark.requirement("FR-025", "FR-092")
def test_a_part_holds_the_rows_of_the_files_with_a_key_and_goes_back_into_their_place(lake: Lake) -> None:
    filled(lake)
    before = {task.file.file_path for task in lake.table("t").scan().plan_files()}

    with lake.manager.run(identity("r9")) as run:
        part = run.part_with(lake.con, lake.id("t"), "select 1 as id union all select 7", ["id"])
        assert lake.con.execute(part.rows).fetchall() == [(1, "v1")]
        lake.con.execute(f"create temp table worked as select id, v || '!' as v from ({part.rows})")
        lake.write(run, "t", "from worked union all select 7, 'new'", "append", replaces=part)
        run.publish()

    assert lake.plain_rows("t") == [(0, "v0"), (1, "v1!"), (2, "v2"), (7, "new")]
    after = {task.file.file_path for task in lake.table("t").scan().plan_files()}
    assert (len(before & after), len(after)) == (2, 3)


@pytest.mark.requirement("FR-025")
def test_without_a_key_a_part_is_empty(lake: Lake) -> None:
    filled(lake)

    with lake.manager.run(identity("r9")) as run:
        part = run.part_with(lake.con, lake.id("t"), "select 1 as id", [])
        assert lake.con.execute(part.rows).fetchall() == []
        lake.write(run, "t", "select 3 as id, 'v3' as v", "append", replaces=part)
        run.publish()

    assert lake.plain_rows("t") == [(0, "v0"), (1, "v1"), (2, "v2"), (3, "v3")]


@pytest.mark.requirement("FR-025", "FR-090")
def test_columns_that_other_files_cannot_be_read_as_rewrite_those_too(lake: Lake) -> None:
    filled(lake)

    with lake.manager.run(identity("r9")) as run:
        part = run.part_with(lake.con, lake.id("t"), "select 1 as id", ["id"])
        sql = f"select 'x' || id as id, true as new from ({part.rows})"
        lake.write(run, "t", sql, "append", replaces=part, on_schema_change="sync_all_columns")
        run.publish()

    assert lake.plain_rows("t") == [("0", None), ("2", None), ("x1", True)]


@pytest.mark.requirement("FR-025", "FR-027")
def test_a_part_of_a_table_that_was_written_meanwhile_is_refused(lake: Lake) -> None:
    filled(lake)

    with lake.manager.run(identity("r9")) as run:
        part = run.part_with(lake.con, lake.id("t"), "select 1 as id", ["id"])
        lake.write(run, "t", "select 1 as id, 'other' as v", "merge", unique_key=["id"])
        with pytest.raises(ConflictError, match=r"somebody else changed 'shop.t' meanwhile"):
            lake.write(run, "t", part.rows, "append", replaces=part)
        run.publish()

    assert lake.plain_rows("t") == [(0, "v0"), (1, "other"), (2, "v2")]
