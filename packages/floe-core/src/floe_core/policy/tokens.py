"""Rego's words and signs, with their places. What they mean is not asked here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["name", "text", "number", "sign", "unknown"]

_PATTERN = re.compile(
    r"""
    (?P<blank>[ \t\r\n]+|\#[^\n]*)
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<number>[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)
  | (?P<text>"(?:[^"\\\n]|\\.)*"|`[^`]*`)
  | (?P<sign>:=|==|!=|<=|>=|[-+*/%&|<>={}()\[\].,:;])
  | (?P<unknown>.)
    """,
    re.VERBOSE,
)


@dataclass(frozen=True)
class Token:
    """One word or sign; line and column count from 1. ``first`` on its line, if nothing precedes it."""

    kind: Kind
    text: str
    line: int
    column: int
    first: bool

    @property
    def value(self) -> str:
        """What a text says; raises ValueError for an escape that JSON does not know."""
        if self.text.startswith("`"):
            return self.text[1:-1]
        said: str = json.loads(self.text)
        return said


def tokens(source: str) -> Iterator[Token]:
    """All tokens in order, comments left out."""
    line, start, seen = 1, 0, 0
    for found in _PATTERN.finditer(source):
        kind, text = found.lastgroup, found.group()
        if kind != "blank":
            assert kind
            yield Token(kind, text, line, found.start() - start + 1, first=seen != line)  # type: ignore[arg-type]
        if breaks := text.count("\n"):
            line += breaks
            start = found.start() + text.rindex("\n") + 1
        if kind != "blank":
            seen = line
