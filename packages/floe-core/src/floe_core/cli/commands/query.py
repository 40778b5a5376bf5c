"""``floe query``: SQL over the published tables."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from floe_core.cli.completing import completing, runs, tables
from floe_core.cli.history import run_named, settled_ledger
from floe_core.cli.options import manifest_option, product_option
from floe_core.cli.output import Output, counted, output_option
from floe_core.cli.stores import Store, open_store
from floe_core.cli.table import is_number, table
from floe_core.run_result import RunResult


@click.command()
@click.argument("sql", shell_complete=tables)
@click.option(
    "--as-of",
    metavar="TIME|SNAPSHOT|TAG",
    callback=lambda _context, _parameter, value: _moment(value),
    help="Read the tables as they were then: at a time (UTC unless it says another zone), at a snapshot's "
    "id, or at a tag.",
)
@click.option(
    "--run",
    metavar="RUN",
    shell_complete=completing(runs),
    help="Read what this run has left unpublished: its id, the beginning of it, or 'last'.",
)
@product_option
@manifest_option
@output_option
def command(
    sql: str,
    as_of: datetime | int | str | None,
    run: str | None,
    product: Path | None,
    manifest: Path | None,
    output: Output,
) -> None:
    """Print what SQL returns; '-' reads it from standard input.

    Tables of the product one stands in need no schema; those of another are written as
    other_product.table, with '_' for every '-' of its name.
    """
    if run is not None and as_of is not None:
        raise click.UsageError("--run and --as-of say different things: take one of them")
    store, schema = open_store(product, manifest)
    text = sys.stdin.read() if sql == "-" else sql
    left_by = _run(store, run) if run else None
    result = store.platform.compute.query(
        store.lake,
        text,
        schema=schema,
        as_of=as_of,
        run_id=left_by.run_id if left_by else None,
        views=store.views(left_by),
        tmp=store.platform.compute.tmp_dir(store.location.state_dir),
    )
    output.document(
        {
            "columns": [{"name": column.name, "type": column.type} for column in result.columns],
            "rows": [list(row) for row in result.rows],
        }
    )
    if not output.json:
        right = [is_number(column.type) for column in result.columns]
        output.line(table([column.name for column in result.columns], result.rows, right=right))
        output.line(f"({counted(len(result.rows), 'row')})")


def _moment(text: str | None) -> datetime | int | str | None:
    """A time or an id when it reads as one; else the name of a tag."""
    if text is None:
        return None
    if text.isascii() and text.isdigit():
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):  # or no time that there is in UTC
        return text


def _run(store: Store, run: str) -> RunResult:
    product = store.artifacts.metadata.product_name
    return run_named(settled_ledger(store.location), run, product)
