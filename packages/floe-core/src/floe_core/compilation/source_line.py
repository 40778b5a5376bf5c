"""From a line of rendered SQL back to the line somebody wrote."""

from __future__ import annotations

from typing import NamedTuple


class SourceLine(NamedTuple):
    """A place in the source; both count from 1."""

    line: int
    column: int


def source_line(raw: str, compiled: str, line: int, column: int) -> SourceLine | None:
    """Where ``line`` of the compiled SQL comes from, None if that cannot be told.

    The same line when both texts have as many lines, else the line with the same text; among equal
    lines the first stays the first, the second the second. dbt strips a file's blank ends before it
    renders it.
    """
    blank = raw[: len(raw) - len(raw.lstrip())].count("\n")
    found = _source_line(raw.strip(), compiled.rstrip(), line, column)
    return SourceLine(found.line + blank, found.column) if found else None


def _source_line(raw: str, compiled: str, line: int, column: int) -> SourceLine | None:
    source, rendered = raw.split("\n"), compiled.split("\n")
    if not 1 <= line <= len(rendered):
        return None
    text = rendered[line - 1].strip()
    if len(source) == len(rendered):
        return SourceLine(line, _column(source[line - 1], rendered[line - 1], column))
    same = [number for number, candidate in enumerate(source, 1) if candidate.strip() == text]
    before = sum(1 for candidate in rendered[: line - 1] if candidate.strip() == text)
    if not text or before >= len(same):
        return None
    number = same[before]
    return SourceLine(number, _column(source[number - 1], rendered[line - 1], column))


def _column(source: str, rendered: str, column: int) -> int:
    """The column in the source, 1 where both lines are not the same up to it."""
    place = column - 1 - (len(rendered) - len(rendered.lstrip()))
    if place < 0 or source.lstrip()[:place] != rendered.lstrip()[:place]:
        return 1
    return len(source) - len(source.lstrip()) + place + 1
