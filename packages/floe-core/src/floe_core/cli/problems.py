"""How problems look, in both forms."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from floe_core.cli.excerpt import excerpt
from floe_core.cli.output import Output
from floe_core.errors import Position, Problem, shown

_LONGEST = 2_000
_COLOURS = {"error": "red", "warning": "yellow"}


def show_problems(output: Output, problems: Sequence[Problem]) -> None:
    """Print ``file:line:col: CODE message``, the line meant and the hint of each, on standard error.

    Warnings come without their lines: there may be many.
    """
    for problem in problems:
        place = f"{place_of(problem.at)}: " if problem.at else ""
        code = click.style(problem.code, fg=_COLOURS[problem.severity])
        severity = "warning: " if problem.severity == "warning" else ""
        output.note(f"{place}{code} {severity}{_clipped(problem.message)}")
        if problem.at and problem.severity == "error":
            for line in excerpt(problem.at):
                output.note(line)
        if problem.hint:
            output.note(f"  hint: {problem.hint}")


def problems_document(problems: Sequence[Problem]) -> dict[str, Any]:
    return {"problems": [_item(problem) for problem in problems]}


def _item(problem: Problem) -> dict[str, Any]:
    at = problem.at
    return {
        "code": problem.code,
        "severity": problem.severity,
        "file": _file(at) if at else None,
        "line": at.line if at else None,
        "column": at.column if at else None,
        "message": _clipped(problem.message),
        "hint": problem.hint,
    }


def _clipped(text: str) -> str:
    """What was typed may be long, and is repeated in a message."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def place_of(at: Position) -> str:
    """The place as ``file:line:col``, the file as people would type it here."""
    return f"{_file(at)}:{at.line}:{at.column}"


def _file(at: Position) -> str:
    return shown(Path(at.file)) if os.path.isabs(at.file) else at.file  # noqa: PTH117
