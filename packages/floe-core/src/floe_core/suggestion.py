"""Guessing what was meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """The hint for a misspelled ``word``: the nearest known one, else all of them if they are few."""
    names = sorted(known)
    lowered = {name.lower(): name for name in names}
    if close := get_close_matches(word.lower(), lowered, n=1):
        return f"did you mean '{lowered[close[0]]}'?"
    if names and len(names) <= 12:
        return f"known here: {', '.join(names)}"
    return None
