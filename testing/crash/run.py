"""A run that kills itself at a named step: ``python -m testing.crash.run FOLDER``, for crash tests.

It reads '<step> <n> <run id>' lines, forks for each, and the fork dies by SIGKILL at the n-th time it
comes to the step ('fsync', 'before-commit', 'after-commit'). It answers each line with the number of
the signal the fork died of, 0 if it came to its end.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import duckdb
from sqlalchemy.orm import Session

from floe_core.lake import RunIdentity
from floe_iceberg import IcebergTableManager, TableId

TABLES = ("a", "b", "c")


def dying_at(n: int, real: Callable[..., Any], *, after: bool) -> Callable[..., Any]:
    """``real``, except that its n-th call is the last thing the process does, or doesn't do any more."""
    calls = 0

    def call(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        outcome = real(*arguments) if calls < n or after else None
        if calls == n:
            os.kill(os.getpid(), signal.SIGKILL)
        return outcome

    return call


def arm(step: str, n: int) -> None:
    if step == "fsync":
        os.fsync = dying_at(n, os.fsync, after=False)
    else:
        Session.commit = dying_at(n, Session.commit, after=step == "after-commit")  # type: ignore[method-assign]


def run(folder: str, run_id: str) -> None:
    """Every table gets the run's id as its only row, in a column named by it too."""
    properties = {"uri": f"sqlite:///{folder}/catalog.db", "warehouse": f"file://{folder}/warehouse"}
    manager = IcebergTableManager.open("floe", properties)
    identity = RunIdentity(run_id, 1, "shop", "dev", "d1ce57", "7ace")
    con = duckdb.connect()
    with manager.run(identity) as transaction:
        for name in TABLES:
            sql = f"select '{run_id}' as tag, 1 as column_{run_id}"
            transaction.write(con, TableId("shop", name), sql, model=name, mode="overwrite")
        transaction.publish()


def main() -> None:
    for line in sys.stdin:
        step, n, run_id = line.split()
        child = os.fork()
        if child == 0:
            arm(step, int(n))
            run(sys.argv[1], run_id)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
