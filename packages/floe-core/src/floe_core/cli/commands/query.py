"""``floe query``: SQL over the published tables."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from floe_core.cli.options import manifest_option, product_option
from floe_core.cli.output import Output, counted, output_option
from floe_core.cli.stores import open_store
from floe_core.cli.table import is_number, table


@click.command()
@click.argument("sql")
@product_option
@manifest_option
@output_option
def command(sql: str, product: Path | None, manifest: Path | None, output: Output) -> None:
    """Print what SQL returns; '-' reads it from standard input.

    Tables of the product one stands in need no schema; those of another are written as
    other_product.table, with '_' for every '-' of its name.
    """
    store, schema = open_store(product, manifest)
    text = sys.stdin.read() if sql == "-" else sql
    result = store.platform.compute.query(store.lake, text, schema=schema)
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
