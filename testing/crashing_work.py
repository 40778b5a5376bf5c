"""Work on a lake that dies at any point where files change: ``python -m testing.crashing_work FOLDER``.

Runs under crash_points.so. It reads '<operation> <number> <n> <errno>' lines, forks for each, and the fork
dies before the n-th change of a file in the folder; with an errno, changes that need space fail with it from
there on. It answers with '<signal> <points> <outcome>': the signal the fork died of, 0 if it came to its
end, how many points it had come to, and 'done', the error as floe tells it, or the class of any other.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from floe_core.errors import FloeError
from floe_core.lake import MaintenancePolicy, RunIdentity
from floe_iceberg import IcebergTableManager, RunTransaction, TableId

TABLES = (TableId("shop", "a"), TableId("shop", "b"))
Rows = dict[int, int]
Work = Callable[[IcebergTableManager, int], None]
POLICY = MaintenancePolicy(
    keep_last=2, min_small_files=3, branch_grace_s=0, file_grace_s=30, min_file_age_s=0
)


def built(folder: Path) -> Path:
    """The library, compiled on the spot."""
    library = folder / "crash_points.so"
    source = Path(__file__).with_name("crash_points.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True)
    return library


def identity(number: int, attempt: int = 1) -> RunIdentity:
    return RunIdentity(f"run-{number}-{attempt}", attempt, "shop", "dev", "d1ce57", "7ace")


def opened(folder: Path) -> IcebergTableManager:
    properties = {"uri": f"sqlite:///{folder}/catalog.db", "warehouse": f"file://{folder}/warehouse"}
    return IcebergTableManager.open("floe", properties)


def _in_a_run(write: Callable[[RunTransaction, duckdb.DuckDBPyConnection, TableId, int], object]) -> Work:
    def work(manager: IcebergTableManager, number: int) -> None:
        con = duckdb.connect()
        con.execute("set threads = 2")
        with manager.run(identity(number)) as run:
            for table in TABLES:
                write(run, con, table, number)
            run.publish()

    return work


def _overwrite(run: RunTransaction, con: duckdb.DuckDBPyConnection, table: TableId, number: int) -> None:
    sql = f"select range::int as id, {number} as v from range(6)"
    run.write(con, table, sql, model=table.name, mode="overwrite")


def _append(run: RunTransaction, con: duckdb.DuckDBPyConnection, table: TableId, number: int) -> None:
    sql = f"select {100 + number} as id, {number} as v"
    run.write(con, table, sql, model=table.name, mode="append")


def _merge(run: RunTransaction, con: duckdb.DuckDBPyConnection, table: TableId, number: int) -> None:
    sql = f"select unnest([1, {200 + number}]) as id, {number} as v"
    run.write(con, table, sql, model=table.name, mode="merge", unique_key=["id"])


def _delete(run: RunTransaction, con: duckdb.DuckDBPyConnection, table: TableId, number: int) -> None:
    run.delete(con, table, "id = (select 2) or id > 100", model=table.name)


def _maintain(manager: IcebergTableManager, number: int) -> None:
    """As if it were a while later, so that everything may go."""
    later = datetime.now(UTC) + timedelta(minutes=number + 1)
    manager.maintain(["shop"], POLICY, identity=identity(number), living={}, now=later, dry_run=False)


OPERATIONS: dict[str, Work] = {
    "overwrite": _in_a_run(_overwrite),
    "append": _in_a_run(_append),
    "merge": _in_a_run(_merge),
    "delete": _in_a_run(_delete),
    "maintain": _maintain,
}


def expected(operation: str, number: int, rows: Rows) -> Rows:
    """What the operation makes of a table's rows."""
    match operation:
        case "overwrite":
            return dict.fromkeys(range(6), number)
        case "append":
            return {**rows, 100 + number: number}
        case "merge":
            return {**rows, 1: number, 200 + number: number}
        case "delete":
            return {key: value for key, value in rows.items() if key != 2 and key <= 100}
    return rows


def main() -> None:
    folder = Path(sys.argv[1])
    library = ctypes.CDLL(None)
    library.crash_arm.argtypes = [ctypes.c_char_p, ctypes.c_long, ctypes.c_int]
    library.crash_points.restype = ctypes.c_long
    for line in sys.stdin:
        operation, number, n, fault = line.split()
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            library.crash_arm(os.fsencode(folder), int(n), int(fault))
            outcome = _outcome(OPERATIONS[operation], folder, int(number))
            os.write(writer, f"{library.crash_points()} {outcome}".encode())
            os._exit(0)
        os.close(writer)
        told = os.read(reader, 4000).decode() or f"{n} killed"
        _, status = os.waitpid(child, 0)
        os.close(reader)
        print(os.waitstatus_to_exitcode(status), " ".join(told.split()), flush=True)


def _outcome(work: Work, folder: Path, number: int) -> str:
    try:
        work(opened(folder), number)
    except FloeError as error:
        return str(error.problems[0])
    except Exception as error:  # noqa: BLE001 - a class that is not floe's is what the test looks for
        return f"{type(error).__name__}: {error}"
    return "done"


if __name__ == "__main__":
    main()
