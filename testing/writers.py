"""Processes that change the same tables at once: ``python -m testing.writers FOLDER WRITERS COUNT KILL_S``.

Each writer does its operations one after another, every one as a run that is tried until nobody comes in
between. With KILL_S above 0 one of them is killed every so many seconds and starts again where it was, and
the tables are maintained all the while, as eagerly as is allowed. At the end a line of JSON: the runs
acknowledged, by writer in their order, and how many writers were killed.
"""

from __future__ import annotations

import json
import os
import random
import select
import signal
import struct
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Literal

import duckdb

from floe_core.errors import ConflictError
from floe_core.lake import MaintenancePolicy, RunIdentity
from floe_iceberg import IcebergTableManager, RunTransaction, TableId
from floe_iceberg.sql_catalog import SqlTableCatalog  # noqa: F401 - so that no fork has to import it
from testing import kept_history

NAMESPACE, TABLES = "shop", tuple(f"t{number}" for number in range(8))
FIRST = dict.fromkeys(range(10), 100)
# whatever no living run can need goes at once; no rows are rewritten, which no other run may write beside
EAGER = MaintenancePolicy(
    keep_last=10, branch_grace_s=0, file_grace_s=0, min_file_age_s=0, min_small_files=10**9
)
_BEGUN = struct.Struct(
    "<qq"
)  # a writer's word: the number of an operation, and when it begins in milliseconds
_LONG_AGO = datetime.fromtimestamp(0, UTC)
Rows = Mapping[int, int]
Kind = Literal["add", "bump", "move", "upsert", "drop"]


@dataclass(frozen=True)
class Operation:
    """What a run does, told by its id alone: every kind but the first reads what it changes."""

    kind: Kind
    tables: tuple[str, ...]
    key: int

    @classmethod
    def of(cls, run_id: str) -> Operation:
        chance = random.Random(run_id)
        kind = chance.choice(("add", "bump", "bump", "move", "move", "upsert", "upsert", "drop"))
        tables = chance.sample(TABLES, 2 if kind == "move" else 1)
        key = {"add": 10_000 + chance.randrange(10**9), "upsert": 20 + chance.randrange(8)}
        return cls(kind, tuple(tables), key.get(kind, chance.randrange(10)))  # type: ignore[arg-type]

    def applied(self, table: str, rows: Rows) -> Rows:
        match self.kind:
            case "add":
                return {**rows, self.key: 1}
            case "bump":
                return {key: v + 1 if key % 3 == self.key % 3 else v for key, v in rows.items()}
            case "move":
                return {**rows, self.key: rows[self.key] + (1 if table == self.tables[0] else -1)}
            case "upsert":
                return {**rows, self.key: rows.get(self.key, 0) + 1}
            case "drop":
                return {key: v for key, v in rows.items() if key < 10_000 or key % 2 != self.key % 2}

    def run(self, run: RunTransaction, con: duckdb.DuckDBPyConnection) -> None:
        for name in self.tables:
            table = TableId(NAMESPACE, name)
            rows = run.manager.scan_sql(table, run=run)
            step = 1 if name == self.tables[0] else -1
            match self.kind:
                case "drop":
                    run.delete(con, table, f"id >= 10000 and id % 2 = {self.key % 2}", model=name)
                    continue
                case "add":
                    sql = f"select {self.key}::bigint as id, 1::bigint as v"
                case "bump":
                    sql = f"select id, v + 1 as v from ({rows}) where id % 3 = {self.key % 3}"
                case "move":
                    sql = f"select id, v + {step} as v from ({rows}) where id = {self.key}"
                case "upsert":
                    found = f"select v from ({rows}) where id = {self.key}"
                    sql = f"select {self.key}::bigint as id, coalesce(({found}), 0) + 1 as v"
            run.write(
                con,
                table,
                sql,
                model=name,
                mode="append" if self.kind == "add" else "merge",
                unique_key=["id"],
            )


def opened(folder: Path) -> IcebergTableManager:
    properties = {"uri": f"sqlite:///{folder}/catalog.db", "warehouse": f"file://{folder}/warehouse"}
    return IcebergTableManager.open("floe", properties)


def _identity(run_id: str, attempt: int) -> RunIdentity:
    return RunIdentity(run_id, attempt, NAMESPACE, "dev", "d1ce57", "7ace")


def _write(folder: Path, name: str, first: int, count: int, told: int) -> None:
    """Do the operations from ``first`` on, and tell of each before it: all earlier ones are acknowledged."""
    manager, chance = opened(folder), random.Random(f"{name} {first}")
    con = duckdb.connect()
    con.execute("set threads = 1")
    for number in range(first, count):
        os.write(told, _BEGUN.pack(number, time.time_ns() // 1_000_000))
        run_id = f"{name}-{number}"
        done = number == first and _is_published(manager, folder, run_id)  # by the one before us, killed
        attempt = 0
        while not done:
            attempt += 1
            try:
                with manager.run(_identity(run_id, attempt)) as run:
                    Operation.of(run_id).run(run, con)
                    run.publish()
                done = True
            except ConflictError:
                Event().wait(chance.random() * 0.05 * min(attempt, 8))
    os.write(told, _BEGUN.pack(count, time.time_ns() // 1_000_000))


def _is_published(manager: IcebergTableManager, folder: Path, run_id: str) -> bool:
    name = Operation.of(run_id).tables[0]
    table = manager.catalog.load(TableId(NAMESPACE, name))
    assert table is not None
    # looked at after the table: what that does not tell any more was noted before
    return any(run_id in runs for runs in (kept_history.published(table), *kept_history.pieces(folder, name)))


def maintain(folder: Path, living: Mapping[str, datetime]) -> None:
    """One pass over all tables, which keeps their history."""
    manager = opened(folder)
    kept_history.keep(manager.catalog, folder)
    identity, now = _identity("maintenance", 1), datetime.now(UTC)
    reports = manager.maintain(
        [NAMESPACE], EAGER, identity=identity, living=living, now=now, dry_run=False, tmp=folder
    )
    manager.close()
    assert [report.notes for report in reports] == [()] * len(TABLES)


@dataclass
class _Writer:
    name: str
    count: int
    acknowledged: int = 0
    began: datetime = _LONG_AGO
    pid: int = 0
    pipe: int = -1
    over: bool = field(default=False)

    def start(self, folder: Path) -> None:
        self.pipe, told = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            _write(folder, self.name, self.acknowledged, self.count, told)
            os._exit(0)
        os.close(told)

    def hear(self) -> bool:
        """How far it has come; False once it has ended."""
        heard = os.read(self.pipe, _BEGUN.size * 64)
        for self.acknowledged, began_ms in _BEGUN.iter_unpack(heard):
            self.began = datetime.fromtimestamp(began_ms / 1000, UTC)
        if not heard:
            os.close(self.pipe)
            _, status = os.waitpid(self.pid, 0)
            self.over = os.waitstatus_to_exitcode(status) != -signal.SIGKILL
            if self.over and status:
                raise RuntimeError(f"writer {self.name} failed after {self.acknowledged} operations")
        return bool(heard)

    def stop(self) -> None:
        if self.pid and not self.over:
            os.kill(self.pid, signal.SIGKILL)

    def living(self) -> Mapping[str, datetime]:
        """The runs it may be at by now, none of which began before this."""
        return {f"{self.name}-{number}": self.began for number in range(self.acknowledged, self.count)}


@dataclass
class _Maintainer:
    pid: int = 0
    next_s: float = 0

    def go_on(self, folder: Path, writers: Sequence[_Writer]) -> None:
        """Begin a pass two seconds after the last one."""
        if not self.is_over(os.WNOHANG) or time.monotonic() < self.next_s:
            return
        living = {run_id: began for writer in writers for run_id, began in writer.living().items()}
        self.pid = os.fork()
        if self.pid == 0:
            maintain(folder, living)
            os._exit(0)

    def is_over(self, how: int = 0) -> bool:
        """RuntimeError if the pass failed."""
        ended, status = os.waitpid(self.pid, how) if self.pid else (self.pid, 0)
        if status:
            raise RuntimeError("maintenance failed")
        if ended:
            self.pid, self.next_s = 0, time.monotonic() + 2
        return self.pid == 0


def _create(folder: Path) -> None:
    """In a process of its own: those that are forked later must find no thread of DuckDB's."""
    if os.fork():
        os.wait()
        return
    rows = " union all ".join(f"select {key}::bigint as id, {v}::bigint as v" for key, v in FIRST.items())
    with opened(folder).run(_identity("first", 1)) as run:
        for name in TABLES:
            run.write(duckdb.connect(), TableId(NAMESPACE, name), rows, model=name, mode="overwrite")
        run.publish()
    os._exit(0)


def _work(folder: Path, writers: Sequence[_Writer], maintainer: _Maintainer, kill_s: float) -> int:
    """Until all are done; how many were killed."""
    chance, killed, next_kill = random.Random(1), 0, time.monotonic() + kill_s
    for writer in writers:
        writer.start(folder)
    while working := [writer for writer in writers if not writer.over]:
        if kill_s:
            maintainer.go_on(folder, working)
        if kill_s and time.monotonic() >= next_kill:
            os.kill(chance.choice(working).pid, signal.SIGKILL)
            next_kill, killed = time.monotonic() + kill_s, killed + 1
        ready, _, _ = select.select([writer.pipe for writer in working], [], [], 0.1)
        for writer in working:
            if writer.pipe in ready and not writer.hear() and not writer.over:
                writer.start(folder)
    return killed


def main() -> None:
    folder, count, kill_s = Path(sys.argv[1]), int(sys.argv[3]), float(sys.argv[4])
    _create(folder)
    writers = [_Writer(f"w{number}", count) for number in range(int(sys.argv[2]))]
    maintainer = _Maintainer()
    try:
        killed = _work(folder, writers, maintainer, kill_s)
    except BaseException:
        for writer in writers:
            writer.stop()
        raise
    finally:
        maintainer.is_over()
    runs = {writer.name: [f"{writer.name}-{number}" for number in range(count)] for writer in writers}
    print(json.dumps({"acknowledged": runs, "killed": killed}))


if __name__ == "__main__":
    main()
