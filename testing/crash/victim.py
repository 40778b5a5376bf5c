"""A lake whose work is ended at some point, and what plain PyIceberg finds in it afterwards."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import NoSuchNamespaceError
from pyiceberg.table import Table
from pyiceberg.table.refs import SnapshotRefType

from floe_core.lake import RunIdentity
from testing.crash import shim
from testing.crash.operations import NAMES, NAMESPACE, OPERATIONS, POLICY, Shown, State
from testing.crash.power import lose_power, start_image
from testing.lake import Lake
from testing.sources import ROOT


@dataclass(frozen=True)
class Answer:
    """How a try ended, and what readers saw before and after; ``after`` is what it was to leave."""

    signal: int
    points: int
    outcome: str
    written: Collection[str]
    number: int
    before: State
    after: State
    seen: State

    @property
    def doubled(self) -> bool:
        return any(shown.doubled for shown in self.seen.values())

    @property
    def lost(self) -> bool:
        """Neither all old nor all new, or old although it was acknowledged, or new although it failed."""
        if self.outcome == "done":
            return self.seen != self.after
        if self.signal:
            return self.seen not in (self.before, self.after)
        return self.seen != self.before


@dataclass
class Victim:
    """``process`` forks for every try; see testing.crash.work."""

    lake: Lake
    process: subprocess.Popen[str]
    chance: random.Random
    number: int = 0
    losses: int = 0
    seen: State | None = None  # since when nobody has changed it

    def attempt(self, operation: str, n: int = 0, ending: str = "kill") -> Answer:
        """Try the operation, ending it at the n-th point, 0 for never."""
        self.number += 1
        if prepare := OPERATIONS[operation].prepare:
            self._in_peace(prepare)
        return self._tried(operation, n, ending)

    def again(self, operation: str, answer: Answer) -> Answer:
        """A second attempt of the run, in peace, that keeps what the first one had written."""
        return self._tried(operation, 0, "kill", attempt=2, reuse=answer.written)

    def _tried(self, operation: str, n: int, ending: str, **more: Any) -> Answer:
        before = self.state() if self.seen is None else self.seen
        power = shim.ENDINGS[ending].power
        image = self.lake.home.with_name("image")
        if power:
            start_image(self.lake.home, image)
        told = self.ask(operation, n, ending, image=str(image) if power else None, **more)
        if power:
            self._lose_power(image, self.chance if n and self.chance.random() < 0.5 else None)
        after = OPERATIONS[operation].after(before, self.number)
        self.seen = self.state()
        return Answer(**told, number=self.number, before=before, after=after, seen=self.seen)

    def naive(self, work: str) -> str:
        """Do it the naive way, and lose the power right after it was acknowledged; how it was."""
        self.number += 1
        image = self.lake.home.with_name("image")
        start_image(self.lake.home, image)
        told = self.ask(work, 0, "power", image=str(image))
        self._lose_power(image, None)
        return str(told["outcome"])

    def _lose_power(self, image: Path, chance: random.Random | None) -> None:
        self.losses += lose_power(self.lake.home, image, chance)
        plain = self.lake.plain()
        assert isinstance(plain, SqlCatalog)
        for engine in (self.lake.engine, plain.engine):
            engine.dispose()  # what it holds open is no longer there

    def _in_peace(self, work: str) -> None:
        self.seen = None
        told = self.ask(work)
        if told["outcome"] != "done":
            raise AssertionError(f"{work}: {told}")

    def ask(self, work: str, n: int = 0, ending: str = "kill", **more: Any) -> dict[str, Any]:
        request = {"operation": work, "number": self.number, "n": n, "ending": ending}
        request |= {"attempt": 1, "reuse": (), "image": None, **more}
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{json.dumps(request, default=list)}\n")
        self.process.stdin.flush()
        told: dict[str, Any] = json.loads(self.process.stdout.readline())
        return told

    def state(self) -> State:
        """Every published table, as anybody reads it."""
        try:
            names = [name for _, name in self.lake.plain().list_tables(NAMESPACE)]
        except NoSuchNamespaceError:
            names = []
        tables = {name: self.lake.table(name) for name in names}
        return {
            name: _shown(table)
            for name, table in tables.items()
            if table.metadata.properties.get("floe.published") != "false"
        }

    def written_by(self, operation: str) -> list[str]:
        """The tables that the last try was to write."""
        return [f"new_{self.number}"] if operation == "create" else list(NAMES)

    def attempts(self, names: Collection[str]) -> dict[str, str | None]:
        """Which attempt of its run wrote what each table shows."""
        heads = {name: self.lake.table(name).current_snapshot() for name in names}
        return {
            name: head.summary["floe.attempt"] if head and head.summary else None
            for name, head in heads.items()
        }

    def orphans(self) -> tuple[set[str], set[str]]:
        """What removal leaves although no snapshot needs it, and takes although one does: none and none.

        The grace is over by then: maintenance runs twice, days later.
        """
        self.seen = None
        for name, shown in self.state().items():
            for tag in shown.tags:
                self.lake.manager.drop_tag(self.lake.id(name), tag)
        for days in (1, 2):
            identity = RunIdentity(f"late-{self.number}-{days}", 1, NAMESPACE, "dev", "d1ce57", "7ace")
            later = datetime.now(UTC) + timedelta(days=days)
            self.lake.manager.maintain(
                [NAMESPACE], POLICY, identity=identity, living={}, now=later, dry_run=False
            )
        self._drop_new_tables()
        stored = {str(path) for path in (self.lake.home / "warehouse").rglob("*") if path.is_file()}
        needed = {path for name in self.state() for path in _needed(self.lake.table(name))}
        return stored - needed, needed - stored

    def _drop_new_tables(self) -> None:
        """Take tables that were created, and everything of theirs, away again."""
        for name in self.state().keys() - set(NAMES):
            shutil.rmtree(self.lake.table(name).location().removeprefix("file://"))
            self.lake.plain().drop_table((NAMESPACE, name))


@contextmanager
def victim_in(folder: Path, library: Path, seed: int = 1) -> Iterator[Victim]:
    """A lake of two tables with rows in them, whose every fork has the library."""
    lake = Lake(folder / "lake")
    process = subprocess.Popen(
        [sys.executable, "-m", "testing.crash.work", str(lake.home)],
        cwd=ROOT,
        env=shim.preloaded(library),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    victim = Victim(lake, process, random.Random(seed))
    try:
        for operation in ("overwrite", "append", "append"):
            answer = victim.attempt(operation)
            assert (answer.outcome, answer.seen) == ("done", answer.after), answer
        assert sorted(victim.state()) == sorted(NAMES)
        yield victim
    finally:
        process.communicate(timeout=300)
        lake.close()


def _shown(table: Table) -> Shown:
    found = table.scan().to_arrow()
    rows = [tuple(row.values()) for row in found.to_pylist()]
    by_key = {row[0]: row for row in rows}
    tags = {name for name, ref in table.metadata.refs.items() if ref.snapshot_ref_type == SnapshotRefType.TAG}
    return Shown(tuple(found.column_names), by_key, len(rows) - len(by_key), frozenset(tags))


def _needed(table: Table) -> set[str]:
    """Every file of a table, as plain PyIceberg tells them."""
    files = set(table.inspect.all_files()["file_path"].to_pylist())
    manifests = set(table.inspect.all_manifests()["path"].to_pylist())
    lists = {snapshot.manifest_list for snapshot in table.metadata.snapshots}
    log = {entry.metadata_file for entry in table.metadata.metadata_log} | {table.metadata_location}
    return {location.removeprefix("file://") for location in files | manifests | lists | log}
