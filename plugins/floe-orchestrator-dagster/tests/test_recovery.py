"""Runs that break in their fourth model of six, and go on from there."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest

from floe_core.ledger import Ledger
from testing.crash.shim import built, preloaded
from testing.dagster_ui import catalog_held
from testing.openlineage.stored import by_job, stored_events
from testing.polling import wait_for
from testing.production_line import MODELS, ProductionLine, open_line

pytestmark = pytest.mark.slow

_FLOE = "import sys; from floe_core.cli import main; sys.argv = ['floe', *sys.argv[1:]]; main()"
_UNDISTURBED = [{"id": n, "amount": 7 * n + 5} for n in range(100)]  # of m6

Started = subprocess.Popen[str]


@pytest.fixture
def line(tmp_path: Path) -> ProductionLine:
    line = open_line(tmp_path / "line")
    line.compile()
    return line


def floe(line: ProductionLine, *arguments: str) -> Started:
    command = [sys.executable, "-c", _FLOE, *arguments]
    return subprocess.Popen(
        command, cwd=line.home, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def break_test(line: ProductionLine) -> Started:
    line.break_test()
    return floe(line, "run")


def fill_disk(line: ProductionLine) -> Started:
    line.slow_down()
    environment = preloaded(built(line.home.parent))
    environment["PYTHONPATH"] = str(Path(__file__).parents[3])
    return subprocess.Popen(
        [sys.executable, "-m", "testing.full_disk_run"],
        cwd=line.home,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def take_catalog_away(line: ProductionLine) -> Started:
    line.slow_down()
    process = floe(line, "run")
    wait_for(line.is_at_fourth, timeout_s=120, interval_s=0.02)
    return process


@pytest.mark.requirement("FR-027", "FR-028")
@pytest.mark.parametrize(
    ("break_it", "meanwhile", "status", "said"),
    [
        pytest.param(break_test, nullcontext, 1, "unique_m4_id", id="a failing test"),
        pytest.param(fill_disk, nullcontext, 1, "No space left on device", id="a full disk"),
        pytest.param(take_catalog_away, catalog_held, 4, "FLOE-E904 catalog: ", id="no catalog any more"),
    ],
)
def test_what_broke_a_run_in_its_fourth_model_is_said_and_floe_retry_goes_on_from_there(
    line: ProductionLine,
    break_it: Callable[[ProductionLine], Started],
    meanwhile: Callable[..., AbstractContextManager[None]],
    status: int,
    said: str,
) -> None:
    process = break_it(line)
    with meanwhile(line.state_dir) if meanwhile is catalog_held else meanwhile():
        told, _ = process.communicate(timeout=300)
    [broken] = Ledger(line.state_dir).runs()
    before, during = line.written_of(broken.run_id), line.published()

    line.open()
    line.mend_test()
    retry = floe(line, "retry", "--output", "json")
    document = json.loads(retry.communicate(timeout=300)[0])

    assert (process.returncode, broken.state, broken.published, during) == (status, "failed", False, {})
    assert said in told
    assert said.removeprefix("FLOE-E904 ") in (broken.reason or "")
    assert (retry.returncode, document["run_id"], document["attempt"]) == (0, broken.run_id, 2)
    states = {model["name"]: model["state"] for model in document["models"]}
    assert states == dict.fromkeys(MODELS[:3], "reused") | dict.fromkeys(MODELS[3:], "succeeded")
    after = line.published()
    assert {name: after[name][0] for name in MODELS[:3]} == {name: before[name] for name in MODELS[:3]}
    assert line.rows()["m6"] == _UNDISTURBED
    if break_it is break_test:  # the others break what lineage is written with, too
        _assert_lineage_over_attempts(line, broken.run_id)


def _assert_lineage_over_attempts(line: ProductionLine, run_id: str) -> None:
    """The first attempt is the run itself, the second hangs below it and says nothing of what it reused."""
    told = by_job(stored_events(line.state_dir, run_id))
    types = {job: [event["eventType"] for event in events] for job, events in told.items()}
    runs = [event["run"] for event in told["line"]]
    assert types["line"] == ["START", "FAIL", "START", "COMPLETE"]
    assert [run["runId"] == run_id for run in runs] == [True, True, False, False]
    parents = [run["facets"].get("parent", {"run": None})["run"] for run in runs]
    assert parents == [None, None, {"runId": run_id}, {"runId": run_id}]
    assert types["line.m1"] == ["START", "COMPLETE"]
    assert types["line.m4"] == ["START", "COMPLETE"] * 2


@pytest.mark.requirement("FR-027", "FR-028")
def test_a_catalog_that_is_away_for_a_while_is_waited_for_and_the_run_goes_on(line: ProductionLine) -> None:
    process = take_catalog_away(line)
    told = ""
    with catalog_held(line.state_dir):
        assert process.stdout is not None
        while "waiting for catalog: " not in told:
            told += (told_now := process.stdout.readline())
            assert told_now, told
    told += process.communicate(timeout=300)[0]

    [run] = Ledger(line.state_dir).runs()
    written = line.written_of(run.run_id)
    assert (process.returncode, run.state, run.attempt, run.published) == (0, "succeeded", 1, True), told
    assert {name: snapshot for name, (snapshot, _) in line.published().items()} == written
    assert line.rows()["m6"] == _UNDISTURBED
