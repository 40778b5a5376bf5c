"""Runs mypy over everything: ``python -m testing.typecheck``.

Test modules are top-level modules to mypy, so two of one name (every conftest.py) need runs of their own.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from testing.sources import ROOT, conftests, modules_with_tests

_PACKAGES = ("packages/*/src", "plugins/*/src", "testing", "benchmarks", "demo/scripts")


def runs(root: Path) -> list[list[str]]:
    """What each run of mypy is given; no run has two modules of one name."""
    packages = [path for place in _PACKAGES for path in sorted(root.glob(place)) if any(path.rglob("*.py"))]
    loose = [
        file
        for file in [*modules_with_tests(root), *conftests(root)]
        if not any(file.is_relative_to(package) for package in packages)
    ]
    building = root.glob("p*/*/hatch_build.py")
    first, *others = without_duplicates([root / "conftest.py", *building, *loose])
    return [[str(path.relative_to(root)) for path in group] for group in [[*packages, *first], *others]]


def without_duplicates(files: Iterable[Path]) -> list[list[Path]]:
    """As few groups as possible, none with two files of one name."""
    groups: list[list[Path]] = []
    seen: dict[str, int] = {}
    for file in files:
        place = seen.get(file.name, 0)
        seen[file.name] = place + 1
        if place == len(groups):
            groups.append([])
        groups[place].append(file)
    return groups


def main() -> int:
    told: dict[str, None] = {}  # a file that several runs reach is told of by each of them
    failed = False
    for run in runs(ROOT):
        command = [sys.executable, "-m", "mypy", "--no-error-summary", *run]
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
        told |= dict.fromkeys(done.stdout.splitlines())
        failed |= done.returncode != 0
    print("\n".join(told))
    return int(failed)


if __name__ == "__main__":
    raise SystemExit(main())
