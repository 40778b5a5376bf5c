"""The requirement ids: which there are, which are not due yet, and how they are written."""

from __future__ import annotations

import re
from pathlib import Path

_HERE = Path(__file__).parent
_WITH_CHAPTER = re.compile(r"^\d+-(?=[A-Z])")


def known() -> dict[str, str]:
    """Every requirement's title, by id."""
    return dict(line.split(" ", 1) for line in _lines(_HERE / "requirements.txt"))


def not_yet_due() -> frozenset[str]:
    return frozenset(_lines(_HERE / "not_yet_due.txt"))


def canonical(requirement: str) -> str:
    """The id as the list writes it: '13-FR-016' is 'FR-016' of chapter 13."""
    return _WITH_CHAPTER.sub("", requirement)


def unknown(ids: tuple[object, ...]) -> list[str]:
    """The ids that no requirement has."""
    names = known()
    return [str(given) for given in ids if not isinstance(given, str) or canonical(given) not in names]


def _lines(path: Path) -> list[str]:
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line and not line.startswith("#")]
