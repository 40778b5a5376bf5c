"""``floe run``: one transaction from the first model to the last table."""

from __future__ import annotations

from pathlib import Path

import click

from floe_core import telemetry
from floe_core.cli.compiling import compile_and_tell
from floe_core.cli.completing import completing, models
from floe_core.cli.options import manifest_option, product_argument
from floe_core.cli.output import Output, output_option
from floe_core.cli.running import run_and_tell, tell_lost
from floe_core.cli.shapes import run_document
from floe_core.location import locate


@click.command()
@product_argument
@manifest_option
@click.option(
    "--select",
    multiple=True,
    metavar="MODELS",
    shell_complete=completing(models),
    help="Only these, as dbt selects; repeatable.",
)
@click.option("--full-refresh", is_flag=True, help="Build incremental models anew.")
@output_option
@click.pass_context
def command(
    context: click.Context,
    product: Path | None,
    manifest: Path | None,
    select: tuple[str, ...],
    full_refresh: bool,
    output: Output,
) -> None:
    """Compile the product if its files changed, then run it.

    All tables are published together once every model and test is fine; a run that fails changes
    nothing that readers see. PRODUCT is a name, a folder or a floe.yaml; by default the one here.
    """
    with telemetry.session() as telling:  # one for both, so that the end is waited for once
        compilation = compile_and_tell(locate(product, manifest=manifest), output)
        result = run_and_tell(compilation, output, select=select, full_refresh=full_refresh)
    tell_lost(telling, output)
    output.document(run_document(result))
    if result.state != "succeeded":
        context.exit(1)
