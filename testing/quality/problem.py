"""One thing wrong with a test module."""

from __future__ import annotations

from typing import NamedTuple


class Problem(NamedTuple):
    line: int
    text: str
