"""``--format``: where problems are shown besides the terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, redirect_stdout
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import click

from floe_core.cli.github import annotate, problems_table, summarize
from floe_core.cli.output import Output, say
from floe_core.cli.sarif import sarif_document
from floe_core.errors import FloeError, Problem, SpecError

Form = Literal["text", "github", "sarif"]
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
        type=click.Choice(["text", "github", "sarif"]),
        default="text",
        show_default=True,
        help="'github' annotates the lines that problems are about, and writes the step's summary; "
        "'sarif' is a document for code scanners and editors, alone on standard output.",
    )(command)


@contextmanager
def reporting(form: Form, output: Output, title: str) -> Iterator[Report]:
    """Show the report when the command is done, with the problems of the error that ended it if one did."""
    if form == "sarif" and output.json:
        raise SpecError(
            Problem(
                "FLOE-E001",
                "'--format sarif' and '--output json' are two documents",
                hint="leave one of them away",
            )
        )
    report = Report(title)
    try:
        with redirect_stdout(sys.stderr) if form == "sarif" else nullcontext():
            yield report
    except FloeError as error:
        report.problems += error.problems
        raise
    finally:
        if form == "github":
            _show(report, output)
        elif form == "sarif":
            say(json.dumps(sarif_document(report.problems), indent=2, ensure_ascii=False))


def _show(report: Report, output: Output) -> None:
    if not output.json:  # a document stands alone on standard output
        annotate(report.problems)
    parts = [report.lines, problems_table(report.problems)]
    said = ["\n".join(part).strip() for part in parts if part] or ["nothing to complain of"]
    summarize("\n\n".join([f"### {report.title}", *said]))
