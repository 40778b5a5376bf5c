"""Rego's words and signs, with their places. What they mean is not asked here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

Kind = Literal["name", "text", "number", "sign", "unknown"]

OPENING, CLOSING = ("(", "[", "{"), (")", "]", "}")
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


def reference(words: Sequence[Token], place: int) -> tuple[list[str | None], str]:
    """The reference that begins here, None for a part that is computed, and the sign behind it."""
    path: list[str | None] = [words[place].text]
    place += 1
    while place + 1 < len(words):
        sign, part = words[place].text, words[place + 1]
        if sign == "." and part.kind == "name":
            path.append(part.text)
            place += 2
        elif sign == "[" and not words[place].first:
            end = closing(words, place)
            path.append(part.value if part.kind == "text" and end == place + 2 else None)
            place = end + 1
        else:
            break
    return path, words[place].text if place < len(words) else ""


def closing(words: Sequence[Token], place: int) -> int:
    depth = 0
    for position in range(place, len(words)):
        depth += (words[position].text in OPENING) - (words[position].text in CLOSING)
        if depth == 0:
            return position
    return len(words)


def is_key(words: Sequence[Token], word: Token) -> bool:
    """Whether the word is a part of a reference, as in ``input.model.data``."""
    return any(after is word and before.text == "." for before, after in pairwise(words))
