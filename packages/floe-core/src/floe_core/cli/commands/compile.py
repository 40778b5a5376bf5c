"""``floe compile``: everything that can be checked without running."""

from __future__ import annotations

from pathlib import Path

import click

from floe_core.cli.compiling import compile_product
from floe_core.cli.options import manifest_option, product_argument
from floe_core.cli.output import Output, output_option
from floe_core.cli.problems import problems_document
from floe_core.errors import shown


@click.command()
@product_argument
@manifest_option
@click.option("--verbose", is_flag=True, help="Show every warning.")
@output_option
def command(product: Path | None, manifest: Path | None, verbose: bool, output: Output) -> None:
    """Check the product and write what a run needs into target/floe.

    PRODUCT is a product's name, its folder or its floe.yaml; by default the one here or above.
    """
    compilation = compile_product(product, manifest, output, verbose=verbose)
    output.document(
        {
            "product": compilation.artifacts.metadata.product_name,
            "artifacts": shown(compilation.location.artifacts_path),
            "digest": compilation.artifacts.digest,
            "unchanged": compilation.unchanged,
            **problems_document(compilation.warnings),
        }
    )
