"""Everything that is checked without running floe: ``python -m testing.checks [NAME ...]``."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from testing.sources import ROOT

_BIN = Path(sys.executable).parent
_BANDIT = ("bandit", "--quiet", "--recursive", "--severity-level=high", "--configfile=pyproject.toml")
CHECKS: Mapping[str, Sequence[str]] = {
    "types": (
        "python",
        "-m",
        "testing.typecheck",
    ),  # the longest first: two run at a time
    "lint": ("ruff", "check", "--quiet", "."),
    "format": ("ruff", "format", "--check", "--quiet", "."),
    "layers": ("lint-imports", "--no-cache"),
    "security": (*_BANDIT, "packages", "plugins"),
    "tests": (
        "python",
        "-m",
        "testing.quality",
    ),
    "requirements": ("python", "-m", "testing.traceability", "--threshold", "100"),
    "repository": (
        "python",
        "-m",
        "testing.repository",
    ),
    "lock": ("python", "-m", "testing.lock", "--check"),
}


def run(name: str) -> bool:
    """Run one check, say how it went, and show what it said if it failed."""
    started = time.monotonic()
    program, *arguments = CHECKS[name]
    done = subprocess.run(
        [_BIN / program, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    passed = done.returncode == 0
    told = "" if passed else "\n" + done.stdout.rstrip()
    print(f"{'ok  ' if passed else 'FAIL'}  {name:12} {time.monotonic() - started:5.1f} s{told}", flush=True)
    return passed


def main(names: Sequence[str]) -> int:
    with ThreadPoolExecutor(max_workers=2) as pool:
        outcomes = list(pool.map(run, names or CHECKS))
    print(f"{outcomes.count(True)} of {len(outcomes)} checks passed")
    return int(not all(outcomes))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
