"""Killed wherever a file changes, whatever it was doing: before or after, and only orphans are left over."""

from __future__ import annotations

import errno
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pyiceberg.table import Table

from testing.crashing_work import OPERATIONS, POLICY, TABLES, Rows, built, expected, identity
from testing.lake import Lake
from testing.sources import ROOT

KILLED = -9
UNKNOWN = (
    "FLOE-E604"  # the catalog could not even be asked any more: a full disk keeps SQLite from rolling back
)
TOLD = ("done", "FLOE-E510", "FLOE-E602", "FLOE-E603", UNKNOWN)


class Victim:
    """The process that works and dies, and what plain PyIceberg reads after it."""

    def __init__(self, lake: Lake, library: Path) -> None:
        self.lake = lake
        self.number = 0
        self.tried = 0
        self._process = subprocess.Popen(
            [sys.executable, "-m", "testing.crashing_work", str(lake.home)],
            cwd=ROOT,
            env={**os.environ, "LD_PRELOAD": str(library)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def work(self, operation: str, n: int = 0) -> tuple[int, int]:
        """Do it, dying before the n-th change; the signal it died of, and the points it came to."""
        status, points, _ = self.ask(operation, n, 0)
        return status, points

    def ask(self, operation: str, n: int, fault: int) -> tuple[int, int, str]:
        """The same, with how it ended as it told; with an errno the n-th change and all after it fail."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self.number += 1
        self._process.stdin.write(f"{operation} {self.number} {n} {fault}\n")
        self._process.stdin.flush()
        status, points, outcome = self._process.stdout.readline().strip().split(" ", 2)
        return int(status), int(points), outcome

    def tables(self) -> list[Rows]:
        found = []
        for table in TABLES:
            rows = self.lake.plain().load_table(table).scan().to_arrow().to_pylist()
            assert len({row["id"] for row in rows}) == len(rows)
            found.append({row["id"]: row["v"] for row in rows})
        return found

    def try_points(self, operation: str, points: list[int]) -> None:
        """Kill the operation at each point; then let it end, and see that it did it."""
        for n in points:
            self.make_work_for(operation)
            before = self.tables()
            status, _ = self.work(operation, n)
            self.tried += status == KILLED
            after = [expected(operation, self.number, rows) for rows in before]
            seen = self.tables()
            assert seen in ((after,) if status == 0 else (before, after)), (operation, n)
        self.make_work_for(operation)
        before = self.tables()
        assert self.work(operation)[0] == 0
        assert self.tables() == [expected(operation, self.number, rows) for rows in before]

    def make_work_for(self, operation: str) -> None:
        """Give a delete rows to delete, and maintenance something to expire."""
        if operation in ("delete", "maintain"):
            assert self.work("append")[0] == 0

    def close(self) -> None:
        self._process.communicate(timeout=30)


@pytest.fixture
def victim(tmp_path: Path) -> Iterator[Victim]:
    lake = Lake(tmp_path / "lake")
    victim = Victim(lake, built(tmp_path))
    for operation in ("overwrite", "append", "append"):
        assert victim.work(operation)[0] == 0
    yield victim
    victim.close()
    lake.close()


def needed(table: Table) -> set[str]:
    """Every file of a table, as plain PyIceberg tells them."""
    files = set(table.inspect.all_files()["file_path"].to_pylist())
    manifests = set(table.inspect.all_manifests()["path"].to_pylist())
    lists = {snapshot.manifest_list for snapshot in table.metadata.snapshots}
    log = {entry.metadata_file for entry in table.metadata.metadata_log} | {table.metadata_location}
    return {location.removeprefix("file://") for location in files | manifests | lists | log}


def assert_only_needed_files_are_left(victim: Victim) -> None:
    """Once the grace is over, removal has taken exactly the orphans."""
    lake = victim.lake
    for hours in (24, 48):
        later = datetime.now(UTC) + timedelta(hours=hours)
        lake.manager.maintain(
            ["shop"], POLICY, identity=identity(9000 + hours), living={}, now=later, dry_run=False
        )
    stored = {str(path) for path in (lake.home / "warehouse").rglob("*") if path.is_file()}
    assert stored == {path for name in TABLES for path in needed(lake.plain().load_table(name))}


@pytest.mark.requirement("FR-027", "FR-032")
def test_work_killed_at_some_points_is_done_or_not_done(victim: Victim) -> None:
    chance = random.Random(1)
    for operation in OPERATIONS:
        victim.make_work_for(operation)
        _, points = victim.work(operation)
        assert points >= 40, operation
        victim.try_points(operation, sorted(chance.sample(range(1, points), 4)))
    assert victim.tried >= 15
    assert_only_needed_files_are_left(victim)


@pytest.mark.requirement("FR-027")
@pytest.mark.parametrize("fault", [errno.ENOSPC, pytest.param(errno.EIO, marks=pytest.mark.slow)])
def test_a_disk_that_fails_is_told_and_nothing_is_half_done(victim: Victim, fault: int) -> None:
    chance = random.Random(fault)
    for operation in OPERATIONS:
        victim.make_work_for(operation)
        _, points, outcome = victim.ask(operation, 100_000, fault)
        assert outcome == "done"
        for n in sorted(chance.sample(range(1, points), 3)):
            victim.make_work_for(operation)
            before = victim.tables()
            _, _, outcome = victim.ask(operation, n, fault)
            after = [expected(operation, victim.number, rows) for rows in before]
            code = outcome.split(" ")[0]
            assert code in TOLD, (operation, n, outcome)
            may_be = {"done": (after,), UNKNOWN: (before, after)}.get(code, (before,))
            assert victim.tables() in may_be, (operation, n, outcome)
    victim.try_points("overwrite", [])
    assert_only_needed_files_are_left(victim)


@pytest.mark.slow
@pytest.mark.requirement("FR-027", "FR-032")
@pytest.mark.parametrize("operation", OPERATIONS)
def test_work_killed_at_any_point_is_done_or_not_done(victim: Victim, operation: str) -> None:
    victim.make_work_for(operation)
    _, points = victim.work(operation)
    victim.try_points(operation, list(range(1, points + 1)))
    assert_only_needed_files_are_left(victim)
    print(f"{operation}: {victim.tried} points tried, 0 lost, 0 doubled")
