"""Which files of the workspace hold tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
_PLACES = ("packages/*/tests", "plugins/*/tests", "tests", "testing", "demo/tests")


def modules_with_tests(root: Path = ROOT) -> list[Path]:
    """Every test module, sorted."""
    return sorted(set(_matching(root, "test_*.py")))


def conftests(root: Path = ROOT) -> list[Path]:
    """Every conftest, sorted."""
    return sorted(set(_matching(root, "conftest.py")))


def _matching(root: Path, pattern: str) -> Iterator[Path]:
    for place in _PLACES:
        for folder in root.glob(place):
            yield from folder.rglob(pattern)
