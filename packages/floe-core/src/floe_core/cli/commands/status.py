"""``floe status``: where things stand."""

from __future__ import annotations

from pathlib import Path

import click

from floe_core.cli.options import manifest_option
from floe_core.cli.output import Output, output_option
from floe_core.cli.products import platform_products
from floe_core.cli.standing import catalog_item, product_item, standing_lines, stray_line
from floe_core.cli.stores import store_of


@click.command()
@manifest_option
@output_option
def command(manifest: Path | None, output: Output) -> None:
    """Say how the products of the platform here stand: their last runs and their tables.

    The catalog's properties, with --output json, are what PyIceberg or Spark need to open the tables.
    """
    locations = platform_products(manifest)
    products = [product_item(location) for location in locations]
    stores = [store for location in locations if (store := store_of(location))]
    output.document({"products": products, "catalog": catalog_item(stores[0]) if stores else None})
    for product in products:
        for line in standing_lines(product):
            output.line(line)
    if not output.json and (stray := stray_line(stores)):
        output.line(stray)
