"""Rows in aligned columns of plain text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from unicodedata import combining, east_asian_width

_GAP = "  "
_NUMBERS = ("INT", "INTEGER", "DECIMAL", "DOUBLE", "FLOAT", "REAL")


def table(headers: Sequence[str], rows: Iterable[Sequence[object]], *, right: Sequence[bool] = ()) -> str:
    """Headers, a rule and all rows, complete; ``right`` says which columns end flush."""
    cells = [[_text(value) for value in row] for row in rows]
    titles = [_text(header) for header in headers]
    flush_right = [*right, *[False] * (len(titles) - len(right))]
    widths = [max(map(width, column)) for column in zip(titles, *cells, strict=True)]
    rule = ["-" * wide for wide in widths]
    lines = [titles, rule, *cells]
    return "\n".join(_line(line, widths, flush_right) for line in lines)


def is_number(engine_type: str) -> bool:
    """Whether values of the engine's type are numbers, which read best flush right."""
    name = engine_type.upper().split("(")[0]
    return name.endswith(_NUMBERS) and not engine_type.endswith("]")


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    padded = [
        " " * (wide - width(cell)) + cell if flush else cell + " " * (wide - width(cell))
        for cell, wide, flush in zip(cells, widths, right, strict=True)
    ]
    return _GAP.join(padded).rstrip()


def _text(value: object) -> str:
    """The value on one line; what would move the cursor is written out."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).lower()
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)
    return text if text.isprintable() else "".join(_visible(letter) for letter in text)


def _visible(letter: str) -> str:
    return letter if letter.isprintable() else letter.encode("unicode_escape").decode()


def width(text: str) -> int:
    """How many columns of a terminal the text takes."""
    if text.isascii():
        return len(text)
    return sum(0 if combining(letter) else 1 + (east_asian_width(letter) in "WF") for letter in text)
