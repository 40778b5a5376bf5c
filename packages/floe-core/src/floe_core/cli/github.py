"""GitHub Actions' two ways to show something: annotations on lines of files, and the step's summary."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from floe_core.cli.output import say
from floe_core.errors import Problem
from floe_core.terminal import visible

_SUMMARY = "GITHUB_STEP_SUMMARY"
_WORKSPACE = "GITHUB_WORKSPACE"


def annotate(problems: Iterable[Problem]) -> None:
    """Print a workflow command for each problem: GitHub shows it at its line of the change.

    Warnings about no line would stand above all others; the summary has them.
    """
    for problem in problems:
        if problem.at or problem.severity == "error":
            say(visible(annotation(problem)))


def annotation(problem: Problem) -> str:
    properties: dict[str, object] = {"title": problem.code}
    if problem.at:
        place = {"file": repository_path(problem.at.file), "line": problem.at.line, "col": problem.at.column}
        properties = {**place, **properties}
    told = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    hint = f"\nhint: {problem.hint}" if problem.hint else ""
    return f"::{problem.severity} {told}::{_data(problem.message + hint)}"


def summarize(markdown: str) -> None:
    """Add to the summary of the step; nothing where no step is running."""
    if path := os.environ.get(_SUMMARY):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(f"{markdown.rstrip()}\n\n")


def problems_table(problems: Sequence[Problem]) -> list[str]:
    """The problems in Markdown, the errors first; nothing for none."""
    if not problems:
        return []
    rows = [
        f"| {problem.severity} | {problem.code} | {_place(problem)} | {cell(problem.message)} |"
        for problem in sorted(problems, key=lambda problem: problem.severity)
    ]
    return ["| | code | where | what |", "| --- | --- | --- | --- |", *rows]


def cell(text: str) -> str:
    """The text as one cell of a table."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def _place(problem: Problem) -> str:
    return f"`{repository_path(problem.at.file)}:{problem.at.line}`" if problem.at else ""


def repository_path(file: str) -> str:
    """From the top of the repository, where GitHub looks."""
    return os.path.relpath(file, os.environ.get(_WORKSPACE) or os.curdir).replace(os.sep, "/")


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
