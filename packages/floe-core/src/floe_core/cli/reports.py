"""``--format``: where problems are shown besides the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import click

from floe_core.cli.github import annotate, problems_table, summarize
from floe_core.cli.output import Output
from floe_core.errors import FloeError, Problem

Form = Literal["text", "github"]
Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass
class Report:
    """What a command found; ``lines`` are Markdown for a page."""

    title: str
    problems: list[Problem] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)


def format_option(command: Function) -> Function:
    """Add ``--format``; the command gets it as ``form: Form``."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(["text", "github"]),
        default="text",
        show_default=True,
        help="'github' annotates the lines that problems are about, and writes the step's summary.",
    )(command)


@contextmanager
def reporting(form: Form, output: Output, title: str) -> Iterator[Report]:
    """Show the report when the command is done, with the problems of the error that ended it if one did."""
    report = Report(title)
    try:
        yield report
    except FloeError as error:
        report.problems += error.problems
        raise
    finally:
        if form == "github":
            _show(report, output)


def _show(report: Report, output: Output) -> None:
    if not output.json:  # a document stands alone on standard output
        annotate(report.problems)
    parts = [report.lines, problems_table(report.problems)]
    said = ["\n".join(part).strip() for part in parts if part] or ["nothing to complain of"]
    summarize("\n\n".join([f"### {report.title}", *said]))
