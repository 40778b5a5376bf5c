"""From a place in rendered SQL back to the place somebody wrote."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

_WORD = re.compile(r"\w+|[^\w\s]")
_AT_MOST = 4000  # words that are compared; difflib takes a second for as many that differ
_CONTEXT = 2  # words in a row that must agree, so that one of them is taken for the same


class SourceLine(NamedTuple):
    """A place in the source; both count from 1."""

    line: int
    column: int


class _Word(NamedTuple):
    text: str
    line: int
    column: int


def source_line(raw: str, compiled: str, line: int, column: int) -> SourceLine | None:
    """Where this place of the compiled SQL comes from, None where that text is not the source's own.

    It is on the same line when both texts have as many lines, else on the line with the same text; among
    equal lines the first stays the first, the second the second; else it is where the words around it
    are. dbt strips a file's blank ends before it renders it.
    """
    blank = raw[: len(raw) - len(raw.lstrip())].count("\n")
    found = _source_line(raw.strip(), compiled.rstrip(), line, column)
    return SourceLine(found.line + blank, found.column) if found else None


def nearest_line(raw: str, compiled: str, line: int, column: int) -> int:
    """The source's line of the last words before the place that both texts have; 1 if there are none."""
    blank = raw[: len(raw) - len(raw.lstrip())].count("\n")
    pairs = _same_words(_words(raw.strip()), _words(compiled.rstrip()))
    before = [source.line for source, rendered in pairs if (rendered.line, rendered.column) <= (line, column)]
    return blank + (before[-1] if before else 1)


def _source_line(raw: str, compiled: str, line: int, column: int) -> SourceLine | None:
    source, rendered = raw.split("\n"), compiled.split("\n")
    if not 1 <= line <= len(rendered):
        return None
    number = _same_line(source, rendered, line)
    if number is None:
        return _same_place(_words(raw), _words(compiled), line, column)
    return SourceLine(number, _column(source[number - 1], rendered[line - 1], column))


def _same_line(source: Sequence[str], rendered: Sequence[str], line: int) -> int | None:
    text = rendered[line - 1].strip()
    if len(source) == len(rendered):
        return line
    same = [number for number, candidate in enumerate(source, 1) if candidate.strip() == text]
    before = sum(1 for candidate in rendered[: line - 1] if candidate.strip() == text)
    return None if not text or before >= len(same) else same[before]


def _column(source: str, rendered: str, column: int) -> int:
    """The column in the source, 1 where the word there is not the source's own."""
    place = column - 1 - (len(rendered) - len(rendered.lstrip()))
    if place >= 0 and source.lstrip()[:place] == rendered.lstrip()[:place]:
        return len(source) - len(source.lstrip()) + place + 1
    found = _same_place(_words(source), _words(rendered), 1, column)
    return found.column if found else 1


def _same_place(
    source: Sequence[_Word], rendered: Sequence[_Word], line: int, column: int
) -> SourceLine | None:
    starts = [(word.line, word.column) for word in rendered]
    at = bisect_right(starts, (line, column)) - 1
    if at < 0 or rendered[at].line != line:
        return None
    wanted = rendered[at]
    for own, theirs in _same_words(source, rendered):
        if theirs == wanted:
            return SourceLine(own.line, own.column + column - wanted.column)
    return None


def _same_words(source: Sequence[_Word], rendered: Sequence[_Word]) -> list[tuple[_Word, _Word]]:
    """The words that both have in the same order, next to others that agree too."""
    if max(len(source), len(rendered)) > _AT_MOST:
        return []
    texts = [word.text for word in source], [word.text for word in rendered]
    blocks = SequenceMatcher(None, *texts, autojunk=False).get_matching_blocks()
    enough = min(_CONTEXT, len(source), len(rendered))
    return [
        (source[block.a + offset], rendered[block.b + offset])
        for block in blocks
        if block.size >= enough
        for offset in range(block.size)
    ]


def _words(text: str) -> list[_Word]:
    return [
        _Word(found[0], number, found.start() + 1)
        for number, line in enumerate(text.split("\n"), 1)
        for found in _WORD.finditer(line)
    ]
