"""``floe trace``: what a run did, and how long each part of it took."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from floe_core.cli.completing import completing, runs
from floe_core.cli.history import run_named, settled_ledger
from floe_core.cli.options import manifest_option, product_option
from floe_core.cli.output import Output, counted, output_option
from floe_core.cli.products import meant_products
from floe_core.cli.stores import name_of
from floe_core.cli.waterfall import (
    Part,
    Slow,
    critical_path,
    failures,
    parts_of,
    slowest,
    waterfall,
)
from floe_core.errors import Problem, SpecError
from floe_core.ledger import Ledger
from floe_core.run_result import RunResult
from floe_core.telemetry import run_span_id
from floe_core.telemetry_reader import TelemetryReader

_MANY = 60
_LONGER = 1.1  # times; less is not worth a word


@click.command()
@click.argument("run", default="last", shell_complete=completing(runs))
@click.option("--attempt", type=click.IntRange(min=1), help="Which attempt of the run; by default its last.")
@click.option("--all", "everything", is_flag=True, help="Show the parts of models, however many.")
@product_option
@manifest_option
@output_option
def command(
    run: str,
    attempt: int | None,
    everything: bool,
    product: Path | None,
    manifest: Path | None,
    output: Output,
) -> None:
    """Show what a run did in time: its models and their parts, what it had to wait for, what was slow.

    RUN is a run's id, the beginning of it, or 'last', which it is by default.
    """
    meant = meant_products(product, manifest)
    ledger = settled_ledger(meant[0])
    newest = run_named(ledger, run, name_of(meant[0]) if len(meant) == 1 else None)
    found = _attempt(ledger, newest, attempt)
    spans = TelemetryReader(meant[0].state_dir).trace(found.trace_id)
    root = parts_of(spans, run_span_id(found.run_id, found.attempt))
    if root is None:
        raise SpecError(_no_spans(found))
    slow = slowest(ledger, found)
    output.document(_document(found, root, slow))
    if not output.json:
        many = sum(part.depth == 1 for part in root.walk()) > _MANY
        width = shutil.get_terminal_size((100, 24)).columns
        output.line(_head(found, root))
        for line in waterfall(root, width=width, deep=everything or not many):
            output.line(line)
        for line in _foot(root, slow):
            output.line(line)


def _attempt(ledger: Ledger, newest: RunResult, attempt: int | None) -> RunResult:
    if attempt is not None and attempt > newest.attempt:
        tries = counted(newest.attempt, "attempt")
        raise SpecError(Problem("FLOE-E016", f"run '{newest.run_id}' has {tries}", hint="floe runs"))
    return ledger.attempt(newest.run_id, attempt or newest.attempt)


def _no_spans(run: RunResult) -> Problem:
    if run.state == "running":
        what, hint = f"run '{run.run_id}' is still going", "its spans are told when it has ended: floe runs"
    else:
        what = f"no spans of run '{run.run_id}' are kept here"
        hint = f"look for trace '{run.trace_id}' where the platform's telemetry goes"
    return Problem("FLOE-E022", what, hint=hint)


def _head(run: RunResult, root: Part) -> str:
    return (
        f"run {run.run_id}, attempt {run.attempt}, of {run.product}: {run.state}, "
        f"{root.span.seconds:.2f} s, trace {run.trace_id}"
    )


def _foot(root: Part, slow: list[Slow]) -> Iterator[str]:
    path = critical_path(root)
    if path:
        seconds = sum(part.span.seconds for part in path)
        names = " > ".join(part.label for part in path)
        yield f"critical path: {names}: {seconds:.2f} s of {root.span.seconds:.2f} s"
    for each in slow:
        yield f"longest: {each.model}, {each.seconds:.2f} s{_compared(each)}"
    for part in failures(root):
        yield f"{part.ending}: {part.label}: {_indented(part.span.error or '')}"


def _compared(slow: Slow) -> str:
    if slow.usual is None:
        return ", for the first time"
    times = slow.seconds / slow.usual if slow.usual else 0
    longer = f", {times:.1f} times as long" if times >= _LONGER else ""
    return f"; {slow.usual:.2f} s in {counted(slow.runs, 'earlier run')}{longer}"


def _indented(text: str) -> str:
    return text.replace("\n", "\n  ")


def _document(run: RunResult, root: Part, slow: list[Slow]) -> dict[str, Any]:
    return {
        "run_id": run.run_id,
        "attempt": run.attempt,
        "product": run.product,
        "state": run.state,
        "trace_id": run.trace_id,
        "seconds": round(root.span.seconds, 3),
        "spans": [_span(part, root) for part in root.walk()],
        "critical_path": [
            {"name": part.label, "seconds": round(part.span.seconds, 3)} for part in critical_path(root)
        ],
        "slowest": [
            {
                "model": each.model,
                "seconds": round(each.seconds, 3),
                "usual_seconds": None if each.usual is None else round(each.usual, 3),
                "earlier_runs": each.runs,
            }
            for each in slow
        ],
    }


def _span(part: Part, root: Part) -> dict[str, Any]:
    span = part.span
    return {
        "span_id": span.context.span_id,
        "parent_id": span.parent_id,
        "name": span.name,
        "label": part.label,
        "start_seconds": round((span.start_ns - root.span.start_ns) / 1e9, 3),
        "seconds": round(span.seconds, 3),
        "error": span.error,
        "attributes": span.attributes,
    }
