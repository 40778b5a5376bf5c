"""A run that finds its tables changed says which, by whom, and what to do."""

from __future__ import annotations

import pytest

from floe_core.errors import ConflictError
from testing.lake import Lake, identity


def _told(error: pytest.ExceptionInfo[ConflictError]) -> str:
    [problem] = error.value.problems
    return f"{problem.code} {problem.message}\n  hint: {problem.hint}"


@pytest.mark.requirement("FR-022")
def test_a_conflict_names_the_tables_and_each_ones_rival(lake: Lake) -> None:
    for name in ("orders", "stock", "till"):
        lake.publish("base", name, "select 0 as id")
    with lake.manager.run(identity("ours")) as run:
        for name in ("orders", "stock", "till"):
            lake.write(run, name, "select 1 as id")
        other = lake.another_manager()
        other.overwrite(lake.con, lake.id("orders"), "select 2 as id", by=identity("monday"))
        other.overwrite(lake.con, lake.id("stock"), "select 2 as id", by=identity("tuesday"))
        foreign = lake.table("till")
        foreign.append(foreign.scan().to_arrow())
        with pytest.raises(ConflictError) as error:
            run.publish()
    assert _told(error) == (
        "FLOE-E530 run 'monday' changed 'shop.orders', run 'tuesday' changed 'shop.stock', "
        "somebody else changed 'shop.till' meanwhile\n"
        "  hint: nothing was published; run again to work on what is there now"
    )
    assert lake.rows("orders") == [(2,)]


@pytest.mark.requirement("FR-022")
def test_a_write_onto_a_base_that_moved_names_the_run_that_moved_it(lake: Lake) -> None:
    lake.publish("base", "t", "select 0 as id")
    with lake.manager.run(identity("ours")) as run:
        assert lake.rows("t", run) == [(0,)]
        lake.another_manager().overwrite(lake.con, lake.id("t"), "select 2 as id", by=identity("rival"))
        with pytest.raises(ConflictError) as error:
            lake.write(run, "t", "select 1 as id", "append")
    assert _told(error).startswith("FLOE-E530 run 'rival' changed 'shop.t' meanwhile\n")


@pytest.mark.requirement("FR-022")
def test_of_two_runs_that_make_a_table_the_slower_one_is_told_of_the_other(lake: Lake) -> None:
    lake.publish("base", "other", "select 0 as id")
    with lake.manager.run(identity("ours")) as run:
        assert run.view(lake.id("t")) is None
        lake.another_manager().overwrite(lake.con, lake.id("t"), "select 2 as id", by=identity("rival"))
        with pytest.raises(ConflictError) as error:
            lake.write(run, "t", "select 1 as id")
    assert _told(error).startswith("FLOE-E530 run 'rival' changed 'shop.t' meanwhile\n")
