"""``floe compile``: everything that can be checked without running."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from floe_core.cli.compiling import compile_and_tell
from floe_core.cli.options import manifest_option, product_argument
from floe_core.cli.output import Output, output_option
from floe_core.cli.problems import problems_document
from floe_core.cli.provenance import tell_sources
from floe_core.cli.reports import Form, format_option, reporting
from floe_core.compiler import Compilation
from floe_core.errors import shown
from floe_core.location import find_products, locate
from floe_core.platform import Platform


@click.command()
@product_argument
@manifest_option
@click.option(
    "--generate-definitions",
    is_flag=True,
    help="Write the workspace file too, with which the orchestrator finds all compiled products.",
)
@click.option(
    "--against",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The artifact of the last release: refuse what breaks those who read its tables.",
)
@click.option(
    "--explain",
    metavar="SETTING",
    help="Say where the value of a setting, such as compute.threads, comes from; compile nothing.",
)
@click.option("--verbose", is_flag=True, help="Show every warning.")
@format_option
@output_option
def command(
    product: Path | None,
    manifest: Path | None,
    generate_definitions: bool,
    against: Path | None,
    explain: str | None,
    verbose: bool,
    form: Form,
    output: Output,
) -> None:
    """Check the product and write what a run needs into target/floe.

    PRODUCT is a product's name, its folder or its floe.yaml; by default the one here or above.
    """
    if explain is not None:
        tell_sources(locate(product, manifest=manifest), explain, output)
        return
    with reporting(form, output, "floe compile") as report:
        location = locate(product, manifest=manifest)
        compilation = compile_and_tell(location, output, verbose=verbose, against=against)
        report.problems += compilation.warnings
        result: dict[str, Any] = {
            "product": compilation.artifacts.metadata.product_name,
            "artifacts": shown(location.artifacts_path),
            "digest": compilation.digest,
            "unchanged": compilation.unchanged,
        }
        if generate_definitions:
            result["definitions"] = shown(location.generated_dir / "definitions.py")
            result["workspace"] = shown(_write_workspace(compilation))
            output.line(f"definitions: {result['definitions']}")
            output.line(f"workspace: {result['workspace']}")
        output.document({**result, **problems_document(compilation.warnings)})


def _write_workspace(compilation: Compilation) -> Path:
    location = compilation.location
    products = find_products(location.product_dir, manifest=location.manifest_path)
    compiled = [product for product in products if product.artifacts_path.is_file()]
    return Platform(compilation.artifacts.plugins).orchestrator.write_workspace(compiled or [location])
