"""``floe retry``: the next attempt of a run that failed."""

from __future__ import annotations

from pathlib import Path

import click

from floe_core import telemetry
from floe_core.cli.compiling import compile_and_tell
from floe_core.cli.completing import completing, runs
from floe_core.cli.history import settled_ledger
from floe_core.cli.options import manifest_option, product_option
from floe_core.cli.output import Output, output_option
from floe_core.cli.running import retry_and_tell, tell_lost
from floe_core.cli.shapes import run_document
from floe_core.compiler import Compilation
from floe_core.errors import Problem, SpecError
from floe_core.location import locate
from floe_core.run_result import RunResult


@click.command()
@click.argument("run", required=False, shell_complete=completing(runs))
@product_option
@manifest_option
@output_option
@click.pass_context
def command(
    context: click.Context, run: str | None, product: Path | None, manifest: Path | None, output: Output
) -> None:
    """Run what a failed run left undone, and publish all of it.

    RUN is a run's id or its beginning, by default the product's last. Models that were done and are
    unchanged keep their rows; changed ones, and what reads them, run again. So do tests that failed.
    """
    with telemetry.session() as telling:  # one for both, so that the end is waited for once
        compilation = compile_and_tell(locate(product, manifest=manifest), output)
        result = retry_and_tell(compilation, _chosen(compilation, run).run_id, output)
    tell_lost(telling, output)
    output.document(run_document(result))
    if result.state != "succeeded":
        context.exit(1)


def _chosen(compilation: Compilation, run: str | None) -> RunResult:
    ledger, name = settled_ledger(compilation.location), compilation.artifacts.metadata.product_name
    found = ledger.find(run) if run else ledger.runs(name, limit=1)
    mine = [each for each in found if each.product == name]
    if not mine:
        what = f"no run '{run}' of '{name}'" if run else f"'{name}' has not run yet"
        raise SpecError(Problem("FLOE-E016", what, hint="floe runs" if run else "floe run"))
    return mine[0]
