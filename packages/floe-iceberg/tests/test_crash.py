"""A run killed at any step leaves all tables as they were, or all of them published."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from testing.lake import Lake
from testing.sources import ROOT

COMMITS = 4  # one a table, and the one that publishes
KILLED = -9


class Crasher:
    """The process that runs and dies; see testing.crash.run."""

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "testing.crash.run", str(folder)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, step: str, n: int, run_id: str) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{step} {n} {run_id}\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        self._process.communicate(timeout=120)


@pytest.fixture
def crasher(lake: Lake) -> Iterator[Crasher]:
    crasher = Crasher(lake.home)
    yield crasher
    crasher.close()


def tags(lake: Lake) -> set[tuple[str, ...]]:
    """What the three tables show plain readers: rows and columns."""
    shown = set()
    for name in ("a", "b", "c"):
        columns = [column[1] for column in lake.seen(name)["columns"]]
        shown.add((lake.plain_rows(name)[0][0], *columns))
    return shown


@pytest.mark.embedded
@pytest.mark.requirement("FR-027", "FR-028")
def test_a_run_killed_at_any_commit_leaves_all_old_or_all_new(lake: Lake, crasher: Crasher) -> None:
    assert crasher.run("after-commit", 99, "base") == 0
    shown = {("base", "tag", "column_base")}
    for n in range(1, COMMITS + 1):
        for step in ("before-commit", "after-commit"):
            run_id = f"{step[:1]}{n}"
            assert crasher.run(step, n, run_id) == KILLED
            if (step, n) == ("after-commit", COMMITS):
                shown = {(run_id, "tag", f"column_{run_id}")}
            assert tags(lake) == shown
    assert crasher.run("after-commit", 99, "last") == 0
    assert tags(lake) == {("last", "tag", "column_last")}


@pytest.mark.embedded
@pytest.mark.requirement("FR-027", "FR-028")
def test_a_run_killed_while_it_writes_files_leaves_everything_as_it_was(lake: Lake, crasher: Crasher) -> None:
    assert crasher.run("fsync", 999, "base") == 0
    killed = 0
    for n in range(1, 99, 3):
        outcome = crasher.run("fsync", n, f"f{n}")
        if outcome == 0:
            break
        killed += 1
        assert outcome == KILLED
        assert tags(lake) == {("base", "tag", "column_base")}
    assert killed >= 8
    assert tags(lake) == {(f"f{n}", "tag", f"column_f{n}")}
