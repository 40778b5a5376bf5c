"""The ledger against a real SQLite file, with real processes that die."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from floe_core.errors import ConflictError, WorkError
from floe_core.events import ModelFinished, TestFinished
from floe_core.lake import RunIdentity, Written
from floe_core.ledger import Ledger
from floe_core.recovery import dead_runs, settle_dead_runs
from floe_core.run_lock import is_alive, run_lock

_DIES_HOLDING_THE_LOCK = """
import os, signal, sys
from pathlib import Path
from floe_core.run_lock import run_lock
with run_lock(Path(sys.argv[1]), sys.argv[2]):
    print("held", flush=True)
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def identity(run_id: str, *, product: str = "shop", attempt: int = 1) -> RunIdentity:
    return RunIdentity(
        run_id=run_id,
        attempt=attempt,
        product=product,
        environment="dev",
        artifact_digest="d" * 64,
        trace_id="t" * 32,
        git_commit="c" * 40,
    )


class CatalogThatSays:
    """A lake of which only one question is asked."""

    def __init__(self, published: bool) -> None:
        self.published = published

    def is_published(self, namespace: str, table: str, snapshot_id: int) -> bool:
        return self.published


@pytest.mark.requirement("FR-027")
def test_a_run_is_read_back_with_its_models_and_tests_in_the_order_they_ended(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    run = identity("r1")
    ledger.begin(run, engine_run_id="e1")
    ledger.record_model(run, ModelFinished("seed.p.b", "b", "succeeded", 0.5, rows=3, snapshot_id=7))
    ledger.record_model(run, ModelFinished("model.p.a", "a", "failed", 0.25, error="bad cast"))
    ledger.record_test(run, TestFinished("test.p.t", "t", "b", "failed", 2, 0.1, blocking=True))
    ledger.end("r1", 1, "failed", published=False, reason="model 'a' failed: bad cast")

    result = ledger.attempt("r1", 1)

    assert (result.state, result.published, result.reason) == ("failed", False, "model 'a' failed: bad cast")
    assert (result.product, result.engine_run_id, result.git_commit) == ("shop", "e1", "c" * 40)
    assert [(m.name, m.state, m.rows, m.snapshot_id, m.error) for m in result.models] == [
        ("b", "succeeded", 3, 7, None),
        ("a", "failed", None, None, "bad cast"),
    ]
    assert [(t.name, t.model, t.state, t.failures, t.blocking) for t in result.tests] == [
        ("t", "b", "failed", 2, True)
    ]
    assert result.ended_at is not None
    assert result.ended_at >= result.started_at


@pytest.mark.requirement("FR-028")
def test_what_the_last_attempt_read_is_read_back_and_no_other_runs(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)

    ledger.record_inputs(identity("r1"), {("raw", "a"): 1, ("raw", "b"): 2})
    ledger.record_inputs(identity("r1", attempt=2), {("raw", "a"): 3})
    ledger.record_inputs(identity("r2"), {("raw", "a"): 9})

    assert ledger.inputs("r1") == {("raw", "a"): 3}
    assert ledger.inputs("r3") == {}


@pytest.mark.requirement("FR-027")
def test_a_second_word_on_an_ended_attempt_changes_nothing(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.begin(identity("r1"), engine_run_id=None)
    ledger.end("r1", 1, "succeeded", published=True)
    ledger.end("r1", 1, "failed", published=False, reason="late")

    assert [(r.state, r.published, r.reason) for r in ledger.runs()] == [("succeeded", True, None)]


@pytest.mark.requirement("FR-020")
def test_a_second_run_of_a_product_is_refused_by_the_first_ones_name(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.begin(identity("r1"), engine_run_id=None)

    with pytest.raises(ConflictError, match="FLOE-E501 product 'shop' is already running: run 'r1', since"):
        ledger.begin(identity("r2"), engine_run_id=None)
    ledger.begin(identity("r3", product="other"), engine_run_id=None)

    assert {run.run_id for run in ledger.running()} == {"r1", "r3"}


@pytest.mark.requirement("FR-028")
def test_runs_are_found_by_a_beginning_that_is_theirs_alone(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    for run_id in ("aa11", "aa22", "bb33"):
        ledger.begin(identity(run_id, product=run_id), engine_run_id=None)
        ledger.end(run_id, 1, "failed", published=False)
    ledger.begin(identity("bb33", product="bb33", attempt=2), engine_run_id=None)

    assert [(r.run_id, r.attempt) for r in ledger.find("bb")] == [("bb33", 2), ("bb33", 1)]
    assert ledger.find("aa") == []
    assert ledger.find("zz") == []
    assert ledger.find("") == []


@pytest.mark.requirement("FR-027")
@pytest.mark.parametrize(
    ("published", "state", "reason"),
    [(False, "failed", "its process ended without a word"), (True, "succeeded", None)],
)
def test_a_killed_run_is_settled_by_what_the_catalog_says(
    tmp_path: Path, published: bool, state: str, reason: str | None
) -> None:
    ledger = Ledger(tmp_path)
    holder = subprocess.Popen(
        [sys.executable, "-c", _DIES_HOLDING_THE_LOCK, str(tmp_path), "r1"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    ledger.begin(identity("r1"), engine_run_id=None)
    ledger.intend(identity("r1"), [("model.p.a", Written("shop", "a", 5, 1))])
    assert is_alive(tmp_path, "r1")
    assert dead_runs(tmp_path, ledger) == []

    holder.communicate()
    settled = settle_dead_runs(tmp_path, ledger, CatalogThatSays(published))  # type: ignore[arg-type]

    assert not is_alive(tmp_path, "r1")
    assert [(r.run_id, r.state, r.published, r.reason) for r in settled] == [("r1", state, published, reason)]
    ledger.begin(identity("r2"), engine_run_id=None)
    assert [run.run_id for run in ledger.running()] == ["r2"]


@pytest.mark.requirement("FR-020")
def test_a_runs_lock_is_held_once(tmp_path: Path) -> None:
    with (
        run_lock(tmp_path, "r1"),
        pytest.raises(ConflictError, match="FLOE-E502 run 'r1' is going in another process"),
        run_lock(tmp_path, "r1"),
    ):
        pass
    with run_lock(tmp_path, "r1"):
        assert is_alive(tmp_path, "r1")


@pytest.mark.requirement("FR-020")
def test_asking_an_empty_platform_makes_no_file(tmp_path: Path) -> None:
    assert Ledger(tmp_path).runs() == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.requirement("FR-066")
def test_a_ledger_of_another_version_is_told_and_left_as_it_is(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as connection:
        connection.execute("pragma user_version = 1")

    with pytest.raises(WorkError, match="was made by another version of floe"):
        Ledger(tmp_path).runs()

    with closing(sqlite3.connect(tmp_path / "ledger.db")) as connection:
        assert connection.execute("pragma user_version").fetchone() == (1,)
        assert connection.execute("select count(*) from sqlite_master").fetchone() == (0,)
