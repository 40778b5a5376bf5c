"""Checking that a seed's CSV file is one, before anything reads it."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from floe_core.errors import Position, Problem, shown

_MAX_PROBLEMS = 20
_HEADER_HINT = "write the columns' names into the first line"


def seed_problems(path: Path, delimiter: str = ",") -> list[Problem]:
    """What is wrong with the file: the first twenty rows of it, or what keeps it from being read."""
    try:
        content = path.read_bytes()
    except OSError as error:
        return [Problem("FLOE-E410", f"cannot be read: {error.strerror}", Position.of(path))]
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return [_not_utf8(path, content, error.start)]
    if not text.strip():
        return [Problem("FLOE-E411", "the file is empty", Position.of(path), hint=_HEADER_HINT)]
    with _any_field_size():
        return list(islice(_SeedFile(path, text, delimiter).problems(), _MAX_PROBLEMS))


def encoding_problems(path: Path) -> list[Problem]:
    """The first place where the file is not UTF-8, if there is one."""
    content = path.read_bytes()
    try:
        content.decode()
    except UnicodeDecodeError as error:
        return [_not_utf8(path, content, error.start)]
    return []


def _not_utf8(path: Path, content: bytes, start: int) -> Problem:
    before = content[:start].decode("utf-8-sig", errors="replace")
    at = Position.of(path, before.count("\n") + 1, len(before) - before.rfind("\n"))
    return Problem(
        "FLOE-E410", f"byte 0x{content[start]:02x} is not UTF-8", at, hint="save the file as UTF-8"
    )


@contextmanager
def _any_field_size() -> Iterator[None]:
    before = csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    try:
        yield
    finally:
        csv.field_size_limit(before)


class _SeedFile:
    """The standard reader tells whether a row is well; a row that is not is scanned for the place."""

    def __init__(self, path: Path, text: str, delimiter: str) -> None:
        self._file = shown(path)
        self._delimiter = delimiter
        self._lines = list(io.StringIO(text, newline=""))

    def problems(self) -> Iterator[Problem]:
        if not self._lines[0].strip():
            yield self._problem("FLOE-E411", "the first line is empty", 1, 1, _HEADER_HINT)
            return
        header: list[str] | None = None
        for row, first, last in self._rows():
            if row is None:
                yield self._broken_quoting(first)
            elif header is None:
                header = row
                yield from self._header_problems(header, last)
            elif len(row) != len(header) and not self._is_end(first):
                yield self._wrong_length(len(row), len(header), first, last)

    def _rows(self) -> Iterator[tuple[list[str] | None, int, int]]:
        """Each row with its first and last line; None for one that cannot be read, and no more then."""
        rows = csv.reader(self._lines, delimiter=self._delimiter, strict=True)
        first = 1
        try:
            for row in rows:
                yield row, first, rows.line_num
                first = rows.line_num + 1
        except csv.Error:
            yield None, first, rows.line_num

    def _header_problems(self, header: list[str], last: int) -> Iterator[Problem]:
        seen: set[str] = set()
        for name, (line, column) in zip(header, self._scan(1, last), strict=False):
            if not name.strip():
                yield self._problem("FLOE-E412", "a column without a name", line, column, "name it")
            elif name.casefold() in seen:
                yield self._problem("FLOE-E412", f"duplicate column '{name}'", line, column, "rename one")
            seen.add(name.casefold())

    def _wrong_length(self, found: int, wanted: int, first: int, last: int) -> Problem:
        message = f"values in this row: {found}, columns in the header: {wanted}"
        if found > wanted:
            line, column = list(self._scan(first, last))[wanted]
            hint = f"put a value with '{self._delimiter}' in it in double quotes"
            return self._problem("FLOE-E413", message, line, column, hint)
        end = len(self._lines[last - 1].rstrip("\r\n")) + 1
        return self._problem("FLOE-E413", message, last, end, "leave a missing value empty, keep its comma")

    def _is_end(self, first: int) -> bool:
        """Whether only blank lines follow: an editor's, not a row."""
        return not any(line.strip() for line in self._lines[first - 1 :])

    def _broken_quoting(self, first: int) -> Problem:
        """Where the quoting of the row that begins on line ``first`` goes wrong."""
        opened = (first, 1)
        previous = self._delimiter
        inside = False
        for line in range(first, len(self._lines) + 1):
            for column, character in enumerate(self._lines[line - 1], 1):
                if inside:
                    inside = character != '"'
                elif character == '"' and previous in (self._delimiter, "\n", '"'):
                    inside, opened = True, opened if previous == '"' else (line, column)
                elif previous == '"' and character not in f"{self._delimiter}\r\n":
                    hint = 'double the quotes inside the text: ""'
                    message = f"'{character}' after a closing quote"
                    return self._problem("FLOE-E414", message, line, column, hint)
                previous = character
        return self._problem("FLOE-E414", "this quote is never closed", *opened, "close it")

    def _scan(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """Where each value of a well-quoted row begins."""
        yield first, 1
        previous, inside = self._delimiter, False
        for line in range(first, last + 1):
            for column, character in enumerate(self._lines[line - 1], 1):
                if inside:
                    inside = character != '"'
                elif character == '"' and previous in (self._delimiter, '"'):
                    inside = True
                elif character == self._delimiter:
                    yield line, column + 1
                previous = character

    def _problem(self, code: str, message: str, line: int, column: int, hint: str) -> Problem:
        return Problem(code, message, Position(self._file, line, column), hint)
