"""A REST catalog that misbehaves: what is asked of it is done exactly once, or fails in time and in words.

With ``--leg=rest`` it is the reference catalog behind the proxy, else a small one in this process.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from floe_core.errors import FloeError, ServiceError, SpecError, WorkError
from testing.lake import Lake, identity
from testing.legs import Leg, Misbehaving, SmallRestLeg, misbehaving
from testing.services.faults import Fault
from testing.services.small_catalog import SmallCatalog
from testing.sources import ROOT

LOSSES: list[Fault] = [429, 500, 502, 503, 504, "reset", "half body", "trickle", "silence"]
COMMITS = {"a write": "/tables/t", "a new table": "/tables/new", "a publish": "/transactions/commit"}


@pytest.fixture
def bad(leg: Leg, tmp_path: Path) -> Iterator[Misbehaving]:
    """A catalog behind a proxy."""
    with misbehaving(leg, tmp_path) as bad:
        yield bad


@pytest.fixture
def lake(bad: Misbehaving, tmp_path: Path) -> Iterator[Lake]:
    lake = Lake(tmp_path / "lake", leg=bad)
    lake.publish("base", "t", "select 1 as id")
    yield lake
    bad.proxy.heal()
    lake.close()


@contextmanager
def hasty(lake: Lake, haste: Mapping[str, str]) -> Iterator[None]:
    """Floe has little patience inside."""
    patient, lake.manager = lake.manager, lake.another_manager(haste)
    yield
    lake.manager = patient


def work(lake: Lake) -> None:
    """A run that appends, makes a table and publishes both."""
    with lake.manager.run(identity("r1")) as run:
        lake.write(run, "t", "select 2 as id", "append")
        lake.write(run, "new", "select 3 as id")
        run.publish()


def everything(lake: Lake) -> tuple[object, object]:
    return lake.plain_rows("t"), [table.name for table in lake.manager.tables()]


BEFORE = ([(1,)], ["t"])
AFTER = ([(1,), (2,)], ["new", "t"])


@pytest.mark.requirement("FR-027")
@pytest.mark.parametrize("fault", [400, 409, *LOSSES])
def test_what_landed_although_the_answer_was_lost_is_done_once(
    lake: Lake, bad: Misbehaving, fault: Fault
) -> None:
    with hasty(lake, bad.haste(fault, for_good=False)):
        for part in COMMITS.values():
            bad.proxy.fail("POST", part, fault, passed_on=True, times=1)
        work(lake)
    assert everything(lake) == AFTER
    assert lake.plain_rows("new") == [(3,)]
    assert len(lake.table("t").metadata.snapshots) == 2
    sent = [seen for seen in bad.proxy.seen if seen.endswith("/transactions/commit")]
    # who waits briefly for an answer may ask again before a slow machine has landed what it asked first
    assert len(sent) == 1 or fault in ("trickle", "silence")


@pytest.mark.requirement("FR-027")
@pytest.mark.parametrize("fault", [409, *LOSSES])
def test_what_never_arrived_is_asked_for_again(lake: Lake, bad: Misbehaving, fault: Fault) -> None:
    with hasty(lake, bad.haste(fault, for_good=False)):
        for part in COMMITS.values():
            bad.proxy.fail("POST", part, fault, times=1)
        work(lake)
    assert everything(lake) == AFTER
    assert len(lake.table("t").metadata.snapshots) == 2


@pytest.mark.requirement("FR-027")
def test_a_client_that_only_asks_again_does_it_twice(lake: Lake, bad: Misbehaving) -> None:
    """The naive way: without the key and the requirement that go with a snapshot, rows are there twice."""
    table = lake.table("t")
    rows = table.scan().to_arrow()
    bad.proxy.fail("POST", "/tables/t", 503, passed_on=True, times=1)
    with pytest.raises(Exception, match=r"ServiceUnavailable|on purpose"):
        table.append(rows)
    lake.table("t").append(rows)
    assert lake.plain_rows("t") == [(1,), (1,), (1,)]


@pytest.mark.requirement("FR-027", "FR-066")
@pytest.mark.parametrize("what", COMMITS)
@pytest.mark.parametrize("fault", [400, 503, "silence"])
def test_a_catalog_that_takes_no_commit_is_told_and_nothing_is_published(
    lake: Lake, bad: Misbehaving, what: str, fault: Fault
) -> None:
    with hasty(lake, bad.haste(fault, for_good=True)):
        bad.proxy.fail("POST", COMMITS[what], fault)
        with pytest.raises(
            WorkError, match=r"the catalog 'floe' (did not take the commit|went away)"
        ) as told:
            work(lake)
    assert {problem.code for problem in told.value.problems} <= {"FLOE-E603", "FLOE-E604"}
    assert "127.0.0.1" not in str(told.value)
    bad.proxy.heal()
    assert everything(lake) == BEFORE
    lake.publish("r2", "t", "select 5 as id", "append")
    assert lake.plain_rows("t") == [(1,), (5,)]


@pytest.mark.requirement("FR-027")
@pytest.mark.parametrize("fault", [500, "reset", "silence", "half body"])
def test_a_catalog_that_goes_away_for_good_while_it_commits_leaves_every_file(
    lake: Lake, bad: Misbehaving, fault: Fault
) -> None:
    with hasty(lake, bad.haste(fault, for_good=True)), lake.manager.run(identity("r1")) as run:
        assert lake.rows("t", run) == [(1,)]
        bad.proxy.fail("POST", "/tables/t", fault, passed_on=True)
        bad.proxy.fail("GET", "", fault)
        with pytest.raises(WorkError, match="which may have landed or not"):
            lake.write(run, "t", "select 2 as id", "append")
    bad.proxy.heal()
    branch = lake.table("t").scan().use_ref("floe_run_r1").to_arrow().to_pylist()
    assert sorted(row["id"] for row in branch) == [1, 2]
    assert everything(lake) == BEFORE
    with lake.manager.run(identity("r1", attempt=2), reuse=["model.shop.t"]) as run:
        run.publish()
    assert lake.plain_rows("t") == [(1,), (2,)]


@pytest.mark.requirement("FR-027", "FR-066")
@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (401, "refuses: "),
        (403, "refuses: "),
        (500, "answered badly: "),
        ("reset", "cannot be reached: connection reset by peer"),
        ("half body", "cannot be reached: the connection broke"),
        ("trickle", "cannot be reached: no whole answer in time"),
        ("silence", "cannot be reached: no whole answer in time"),
    ],
)
def test_a_catalog_that_answers_nothing_is_an_error_of_a_service(
    lake: Lake, bad: Misbehaving, fault: Fault, told: str
) -> None:
    haste = bad.haste(fault, for_good=True)
    with hasty(lake, haste):
        bad.proxy.fail("GET", "", fault)
        for ask in (
            lambda: lake.rows("t"),
            lambda: lake.manager.tables(),
            lambda: lake.another_manager(haste),
        ):
            with pytest.raises(ServiceError, match=f"the catalog 'floe' {told}") as error:
                ask()
            assert error.value.exit_status == 4
    bad.proxy.heal()
    assert lake.rows("t") == [(1,)]


@pytest.mark.requirement("FR-027")
def test_questions_are_asked_again_for_a_while(lake: Lake, bad: Misbehaving) -> None:
    bad.proxy.fail("GET", "", 503, times=1)
    bad.proxy.fail("GET", "", "half body", times=1)
    assert lake.rows("t") == [(1,)]


@pytest.mark.requirement("FR-027")
def test_a_rival_between_two_answers_is_a_conflict_and_not_a_second_try(lake: Lake, bad: Misbehaving) -> None:
    with lake.manager.run(identity("r1")) as run:
        lake.write(run, "t", "select 2 as id", "append")
        lake.write(run, "new", "select 3 as id")
        bad.proxy.fail("POST", "/transactions/commit", 503, times=1)
        lake.table("t").append(lake.table("t").scan().to_arrow())
        with pytest.raises(FloeError, match=re.escape("somebody else changed 'shop.t'")):
            run.publish()
    assert everything(lake) == ([(1,), (1,)], ["t"])


def entries(lake: Lake) -> list[Path]:
    return list(Path(lake.properties["floe.journal"]).glob("*.json"))


_RUN = """
import json, sys
import duckdb
from floe_iceberg import IcebergTableManager, TableId
from testing.lake import identity

lake, con = IcebergTableManager.open("floe", json.loads(sys.argv[1])), duckdb.connect()
with lake.run(identity("r1")) as run:
    for name, sql in (("t", "select 2 as id, 'x' as v"), ("new", "select 3 as id")):
        run.write(con, TableId("shop", name), sql, model=f"model.shop.{name}", mode="overwrite")
    run.publish()
"""


@pytest.fixture
def half_done(small_lake: tuple[Lake, SmallCatalog]) -> tuple[Lake, SmallCatalog]:
    """A catalog that makes a transaction table by table has died after the first one; so has the run."""
    lake, catalog = small_lake
    run = subprocess.Popen([sys.executable, "-c", _RUN, json.dumps(lake.properties)], cwd=ROOT)

    def die() -> None:
        run.kill()
        raise ConnectionAbortedError

    catalog.between = die
    assert run.wait(600) == -signal.SIGKILL
    catalog.between = lambda: None
    assert len(entries(lake)) == 1
    return lake, catalog


@pytest.fixture
def small_lake(tmp_path: Path) -> Iterator[tuple[Lake, SmallCatalog]]:
    with SmallCatalog(tmp_path / "small") as catalog:
        lake = Lake(tmp_path / "lake", leg=SmallRestLeg(catalog))
        lake.publish("base", "t", "select 1 as id")
        yield lake, catalog
        lake.close()


@pytest.mark.requirement("FR-022", "FR-028")
@pytest.mark.embedded
def test_a_publish_that_was_cut_off_in_the_middle_is_whole_at_the_next_start(
    half_done: tuple[Lake, SmallCatalog],
) -> None:
    lake, _ = half_done
    assert everything(lake) == ([(1,)], ["new", "t"])
    lake.another_manager()
    assert lake.plain_rows("t") == [(2, "x")]
    assert lake.plain_rows("new") == [(3,)]
    assert entries(lake) == []


@pytest.mark.requirement("FR-022", "FR-028")
@pytest.mark.embedded
def test_a_publish_that_cannot_be_made_whole_any_more_is_taken_back(
    half_done: tuple[Lake, SmallCatalog],
) -> None:
    lake, _ = half_done
    lake.table("t").append(lake.table("t").scan().to_arrow())
    lake.another_manager()
    assert everything(lake) == ([(1,), (1,)], ["t"])
    assert lake.table("new").current_snapshot() is None
    assert lake.table("new").properties == {"floe.published": "false"}
    assert set(lake.table("new").metadata.refs) == {"floe_run_r1"}
    assert entries(lake) == []


@pytest.mark.requirement("FR-022")
@pytest.mark.embedded
def test_a_publish_that_is_going_on_is_left_alone(small_lake: tuple[Lake, SmallCatalog]) -> None:
    lake, catalog = small_lake
    seen: list[list[Path]] = []

    def look() -> None:
        catalog.between = lambda: None
        seen.append(entries(lake))

    with lake.manager.run(identity("r1")) as run:
        lake.write(run, "t", "select 2 as id")
        lake.write(run, "new", "select 3 as id")
        catalog.between = look
        run.publish()
    [held] = seen
    assert len(held) == 1
    assert entries(lake) == []
    assert lake.plain_rows("t") == [(2,)]


@pytest.mark.requirement("FR-066")
@pytest.mark.embedded
@pytest.mark.parametrize("name", [".", ".."])
def test_a_name_that_is_another_place_in_an_address_is_refused(
    small_lake: tuple[Lake, SmallCatalog], name: str
) -> None:
    lake, _ = small_lake
    with pytest.raises(SpecError, match=re.escape(f"cannot keep a table called '{name}'")):
        lake.publish("r1", name, "select 1 as id")
    assert everything(lake) == BEFORE
