"""The slow tier, leg by leg: ``python -m testing.slow [LEG ...]``.

A leg that cannot be run here says so in capitals; it fails nothing, and proves nothing.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence

from testing.offline import NOT_RUN
from testing.sources import ROOT

_PYTEST = ("-m", "pytest", "-p", "no:cacheprovider")
_TWO_AT_A_TIME = ("-n", "2", "--dist", "loadgroup")
_SLOW = (*_PYTEST, "-m", "slow")
_DBT_SUITE = "plugins/floe-compute-duckdb/tests/dbt_suite"
_WRITERS = "packages/floe-iceberg/tests/test_writers.py"  # keeps every core busy by itself
_HURRIED = (  # what is promised there is an end within two seconds, with a core to itself
    "tests/test_bad_receivers.py",
    "plugins/floe-lineage-marquez/tests/test_plugin.py",
    "plugins/floe-telemetry-otlp/tests/test_otlp.py",
)
_ALONE = (_DBT_SUITE, _WRITERS, *_HURRIED)
LEGS: Mapping[str, Sequence[str]] = {
    "slow": (*_SLOW, "-n", "3", "--dist", "loadgroup", *(f"--ignore={path}" for path in _ALONE)),
    "hurried": (*_SLOW, *_HURRIED),
    "writers": (*_SLOW, _WRITERS),
    "adapter": (*_PYTEST, "-n", "2", "--dist", "loadscope", _DBT_SUITE),
    "offline": (
        *("-m", "testing.offline", sys.executable, *_PYTEST, *_TWO_AT_A_TIME, "-m", "not slow"),
        *("packages/floe-core", "tests"),
    ),
    "postgres": ("-m", "testing.services", "postgres"),
    "rest": ("-m", "testing.services", "rest"),
    "vended": ("-m", "testing.services", "vended"),
    "crash": ("-m", "testing.crash", "--every", "12"),
    "disk": ("-m", "testing.small_disk"),
    "duckdb": ("-m", "testing.readers", "duckdb"),
    "spark": ("-m", "testing.readers", "spark"),
}


def run(name: str) -> str:
    """Run one leg, say how it went, and return that: 'ok', 'FAILED' or 'NOT RUN'."""
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, *LEGS[name]],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    outcome = {0: "ok", NOT_RUN: "NOT RUN"}.get(done.returncode, "FAILED")
    print(told(name, outcome, time.monotonic() - started, done.stdout), flush=True)
    return outcome


def told(name: str, outcome: str, seconds: float, output: str) -> str:
    """One line, with the reason where there is one; below it everything a failed leg printed."""
    last = output.strip().rpartition("\n")[-1].strip("= ")
    if outcome == "NOT RUN":
        return f"NOT RUN  {name:8} {last.removeprefix('NOT RUN: ')}"
    line = f"{outcome:8} {name:8} {seconds:6.1f} s  {last}"
    return line if outcome == "ok" else f"{line}\n{output.rstrip()}"


def main(names: Sequence[str]) -> int:
    if unknown := sorted(set(names) - LEGS.keys()):
        print(f"no leg '{unknown[0]}'\n  hint: one of {', '.join(LEGS)}")
        return 2
    outcomes = [run(name) for name in names or LEGS]
    print(", ".join(f"{outcomes.count(outcome)} {outcome}" for outcome in ("ok", "FAILED", "NOT RUN")))
    return int("FAILED" in outcomes)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
