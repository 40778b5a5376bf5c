"""``floe runs``: what the ledger holds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from floe_core.cli.history import settled_ledger
from floe_core.cli.options import manifest_option, product_argument
from floe_core.cli.outcome import duration, short
from floe_core.cli.output import Output, output_option, timestamp
from floe_core.cli.products import meant_products
from floe_core.cli.shapes import run_item
from floe_core.cli.stores import name_of
from floe_core.cli.table import table
from floe_core.run_result import RunResult

_HEADERS = ("run", "attempt", "product", "state", "published", "started", "took")


@click.command()
@product_argument
@manifest_option
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="How many at most.")
@output_option
def command(product: Path | None, manifest: Path | None, limit: int, output: Output) -> None:
    """List what ran, the newest first.

    Runs of PRODUCT, else of the product one stands in, else of all products of the platform here.
    """
    found: list[RunResult] = []
    for location in meant_products(product, manifest):
        found += settled_ledger(location).runs(name_of(location), limit=limit)
    newest = sorted(found, key=lambda run: run.started_at, reverse=True)[:limit]
    output.document({"runs": [run_item(run) for run in newest]})
    output.line(table(_HEADERS, _rows(newest)) if newest else "nothing has run here yet")


def _rows(runs: Sequence[RunResult]) -> list[tuple[object, ...]]:
    return [
        (
            short(run.run_id),
            run.attempt,
            run.product,
            run.state,
            "yes" if run.published else "no",
            timestamp(run.started_at),
            duration(run),
        )
        for run in runs
    ]
