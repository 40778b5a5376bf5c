"""Runs a program and says what it cost, the processes it waited for included."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

BIN = Path(sys.executable).parent
_QUIET = {
    "DO_NOT_TRACK": "1",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "DAGSTER_DISABLE_TELEMETRY": "yes",
    "NO_COLOR": "1",
}


@dataclass(frozen=True)
class Cost:
    """Seconds of processor and of the clock, and the largest resident memory in MiB."""

    cpu_s: float
    wall_s: float
    memory_mib: float


class ProgramFailed(Exception):
    """A measured program did not end with 0, so its cost means nothing."""


def cost(program: str, *arguments: str, cwd: Path) -> Cost:
    """Run a program of the environment once."""
    environment = {**os.environ, **_QUIET}
    started = time.monotonic()
    with (cwd / "benchmark.log").open("w+", encoding="utf-8") as log:
        child = subprocess.Popen(
            [BIN / program, *arguments],
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)  # wait4 took it, so Popen cannot learn it
        wall_s = time.monotonic() - started
        if child.returncode:
            log.seek(0)
            raise ProgramFailed(f"{program} {' '.join(arguments)}: exit {child.returncode}\n{log.read()}")
    return Cost(usage.ru_utime + usage.ru_stime, wall_s, usage.ru_maxrss / 1024)


def median(costs: Sequence[Cost]) -> Cost:
    """The median of each figure by itself."""
    return Cost(
        statistics.median(cost.cpu_s for cost in costs),
        statistics.median(cost.wall_s for cost in costs),
        statistics.median(cost.memory_mib for cost in costs),
    )
