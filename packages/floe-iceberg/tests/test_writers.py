"""Many writers at the same tables: whatever they did, they might have done one after another."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from graphlib import TopologicalSorter
from itertools import pairwise

import pytest

from testing.kept_history import joined, pieces, published
from testing.lake import Lake
from testing.sources import ROOT
from testing.table_model import superfluous_files
from testing.writers import EAGER, FIRST, TABLES, Operation, Rows, maintain

Histories = Mapping[str, Sequence[str]]


def in_one_order(histories: Histories) -> list[str]:
    """All runs in an order that every table agrees with; CycleError when there is none."""
    order: TopologicalSorter[str] = TopologicalSorter()
    for runs in histories.values():
        for earlier, later in pairwise(runs):
            order.add(later, earlier)
    return list(order.static_order())


def replayed(order: Sequence[str], histories: Histories) -> dict[str, Rows]:
    """What the tables hold when the runs are done one after another."""
    rows: dict[str, Rows] = dict.fromkeys(TABLES, FIRST)
    assert order[0] == "first"
    for run_id in order[1:]:
        operation = Operation.of(run_id)
        for name in operation.tables:
            after = operation.applied(name, rows[name])
            assert run_id in histories[name] or after == rows[name]
            rows[name] = after
    return rows


def assert_serializable(lake: Lake, acknowledged: Mapping[str, Sequence[str]]) -> int:
    """And nothing twice, nothing lost; how many runs there were."""
    histories = {name: joined([*pieces(lake.home, name), published(lake.table(name))]) for name in TABLES}
    assert all(len(published) == len(set(published)) for published in histories.values())
    order = in_one_order(histories)
    expected = replayed(order, histories)
    for name in TABLES:
        rows = lake.plain_rows(name)
        assert len({key for key, _ in rows}) == len(rows)
        assert dict(rows) == expected[name]
    done = set(order)
    for runs in acknowledged.values():
        # a drop that found nothing to drop leaves no trace
        assert all(run_id in done or Operation.of(run_id).kind == "drop" for run_id in runs)
        for name in TABLES:
            ours = [run_id for run_id in histories[name] if run_id in runs]
            assert ours == [run_id for run_id in runs if run_id in ours]
    return len(order)


def written(lake: Lake, writers: int, operations: int, kill_s: float) -> tuple[dict[str, list[str]], int]:
    arguments = [str(lake.home), str(writers), str(operations), str(kill_s)]
    done = subprocess.run(
        [sys.executable, "-m", "testing.writers", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    return told["acknowledged"], told["killed"]


@pytest.mark.embedded
@pytest.mark.requirement("FR-022", "FR-025")
def test_two_writers_leave_what_they_would_have_left_one_after_another(lake: Lake) -> None:
    acknowledged, _ = written(lake, 2, 25, 0)
    assert sum(map(len, acknowledged.values())) == 50
    assert assert_serializable(lake, acknowledged) >= 40


@pytest.mark.slow
@pytest.mark.requirement("FR-022", "FR-025", "FR-027")
def test_eight_writers_of_whom_one_is_killed_every_two_seconds_lose_nothing_and_double_nothing(
    lake: Lake,
) -> None:
    acknowledged, killed = written(lake, 8, 200, 2)
    assert killed >= 5
    assert sum(map(len, acknowledged.values())) == 1600
    maintain(lake.home, {})
    maintain(lake.home, {})
    assert assert_serializable(lake, acknowledged) >= 1400
    for name in TABLES:
        assert len(lake.table(name).metadata.snapshots) == EAGER.keep_last
        assert superfluous_files(lake, lake.table(name)) == []


@pytest.mark.requirement("FR-022")
def test_the_checker_finds_a_lost_update_a_run_done_twice_and_two_orders() -> None:
    bump = next(f"w-{n}" for n in range(99) if Operation.of(f"w-{n}").kind == "bump")
    table = Operation.of(bump).tables[0]
    histories = {name: ["first", bump] if name == table else ["first"] for name in TABLES}
    once = replayed(in_one_order(histories), histories)
    assert once[table] != FIRST
    assert sum(once[table].values()) - sum(FIRST.values()) in (3, 4)
    with pytest.raises(ValueError, match="cycle"):
        in_one_order({"t0": ["first", "a", "b"], "t1": ["first", "b", "a"]})
    with pytest.raises(AssertionError):
        replayed(["first", bump], {name: ["first"] for name in TABLES})


@pytest.mark.requirement("FR-022")
def test_histories_that_were_noted_are_joined_where_they_overlap_alone() -> None:
    assert joined([["a", "b"], ["b", "c", "d"], ["c"], ["d", "e"]]) == ["a", "b", "c", "d", "e"]
    assert joined([["a", "b"], ["b", "a"]]) == ["a", "b", "a"]  # a run done twice stays one
    with pytest.raises(ValueError, match="nobody knows what was between 'b' and 'd'"):
        joined([["a", "b"], ["d", "e"]])
    for other in (["b", "d"], ["a", "c"]):
        with pytest.raises(ValueError, match="and then"):
            joined([["a", "b", "c"], other])
