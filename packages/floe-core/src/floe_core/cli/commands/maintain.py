"""``floe maintain``: what is too old goes, and its storage is freed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from floe_core.cli.maintaining import maintained_lines, maintenance_item
from floe_core.cli.options import manifest_option, product_argument
from floe_core.cli.output import Output, output_option
from floe_core.cli.problems import show_problems
from floe_core.cli.products import meant_products
from floe_core.cli.stores import Store, store_of
from floe_core.errors import ConflictError, Problem, SpecError
from floe_core.maintenance import maintain


@click.command()
@product_argument
@manifest_option
@click.option("--dry-run", is_flag=True, help="Say what would be done, in files and bytes, and do nothing.")
@output_option
@click.pass_context
def command(
    context: click.Context, product: Path | None, manifest: Path | None, dry_run: bool, output: Output
) -> None:
    """Delete rows older than floe.yaml keeps them, expire snapshots, remove files nobody needs.

    The newest six snapshots of each table stay, and everything that is tagged. What failed runs left is
    kept for a day; files nothing leads to are removed in a later pass than the one that saw them. Of
    PRODUCT, else of the product one stands in, else of all products of the platform here.
    """
    stores = [store for location in meant_products(product, manifest) if (store := store_of(location))]
    if not stores:
        raise SpecError(Problem("FLOE-E012", "nothing has run here yet", hint="floe run"))
    items, problems = [], []
    for store in stores:
        item, problem = _maintained(store, dry_run, output)
        items.append(item)
        problems += problem
    output.document({"dry_run": dry_run, "products": items})
    for item in items:
        for line in maintained_lines(item, dry_run=dry_run):
            output.line(line)
    show_problems(output, problems)
    if problems:
        context.exit(1)


def _maintained(store: Store, dry_run: bool, output: Output) -> tuple[dict[str, Any], list[Problem]]:
    """What was done to one product; where a run of it is going, why nothing was, and the others go on."""
    name = store.artifacts.metadata.product_name
    try:
        with output.alone():
            reports = maintain(store.location, store.artifacts, dry_run=dry_run)
    except ConflictError as error:
        return {"name": name, "tables": [], "error": str(error.problems[0].message)}, list(error.problems)
    return {"name": name, "tables": [maintenance_item(report) for report in reports], "error": None}, []
