"""The line a problem is about, with a caret below the place."""

from __future__ import annotations

import os
import re
import stat
from itertools import islice
from pathlib import Path

from floe_core.cli.table import width
from floe_core.errors import Position

_HIDDEN = "…"
_WIDEST = 100
_BEFORE = 60  # characters left of the place that stay in sight on a longer line
_NEAR = 2_000
_AT_MOST = 1 << 20
_WORD = re.compile(r"""'[^']*'|"[^"]*"|[\w$.:/-]*[\w$/-]|.""")
_SECRET = re.compile(
    r"(?i)((?:password|passwd|secret|token|credential|access_?key|api_?key|private_?key)\w*[\"']?\s*:\s*)"
    r"(?!\$\{)(?!\s*$)[^,}#]+"
)


def excerpt(at: Position) -> list[str]:
    """The line as written and the carets, both after a margin; nothing where that would tell nothing."""
    whole = not at.file.endswith((".yaml", ".yml")) or Path(at.file).is_symlink()
    if (at.line, at.column) == (1, 1) and whole:
        return []  # the file as a whole is meant; a link may have been refused for where it leads
    line = _line(at)
    if line is None or not line.strip() or line.lstrip().startswith("#"):
        return []
    shown, column = _cut(*_masked(*_near(line, at.column - 1)))
    if column == 0:  # a line as a whole begins with its first word
        column = len(shown) - len(shown.lstrip())
    number = str(at.line)
    word = _WORD.match(shown, column)
    carets = "^" * max(1, width(word[0]) if word else 1)
    return [
        f"  {number} | {shown}".rstrip(),
        f"  {' ' * len(number)} | {' ' * width(shown[:column])}{carets}",
    ]


def _line(at: Position) -> str | None:
    """Without what a terminal would act on; None where the file is gone, or is no file."""
    try:
        descriptor = os.open(at.file, os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        text = file.read(_AT_MOST).decode("utf-8-sig", errors="replace")
    lines = re.split("\r\n|\r|\n", text)
    line = next(islice(lines, at.line - 1, None), None)
    return None if line is None else "".join(char if char.isprintable() else " " for char in line)


def _near(line: str, column: int) -> tuple[str, int]:
    """As much of a very long line as a key that is called like a secret may be away."""
    start = max(0, min(column, len(line)) - _NEAR)
    return line[start : start + 2 * _NEAR], column - start


def _masked(line: str, column: int) -> tuple[str, int]:
    """What stands behind a key that is called like a secret is nobody's business."""
    masked, place = "", column
    last = 0
    for found in _SECRET.finditer(line):
        masked += line[last : found.end(1)] + _HIDDEN
        last = found.end()
        if column >= last:
            place = column + len(masked) - last
        elif column >= found.end(1):
            place = len(masked) - len(_HIDDEN)
    return masked + line[last:], place


def _cut(line: str, column: int) -> tuple[str, int]:
    column = min(column, len(line))
    start = max(0, column - _BEFORE) if len(line) > _WIDEST else 0
    cut = line[start : start + _WIDEST]
    if start:
        cut = "…" + cut[1:]
    if start + _WIDEST < len(line):
        cut = cut[:-1] + "…"
    return cut, column - start
