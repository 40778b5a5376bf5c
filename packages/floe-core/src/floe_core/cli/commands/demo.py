"""``floe demo``: the demo products, from their seeds to the UI."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from floe_core import telemetry
from floe_core.cli.compiling import compile_and_tell
from floe_core.cli.demo_platform import find_demo, stop_serving, write_demo, write_seeds
from floe_core.cli.output import Output, output_option
from floe_core.cli.running import run_and_tell
from floe_core.cli.standing import product_item
from floe_core.compiler import Compilation
from floe_core.errors import Problem, SpecError, shown
from floe_core.location import MANIFEST_NAME, Location, find_products
from floe_core.platform import Platform
from floe_core.plugins.orchestrator import OrchestratorPlugin
from floe_core.run_result import RunResult

_SCALES = ("small", "medium", "large")


@click.group(invoke_without_command=True)
@click.option(
    "--scale",
    type=click.Choice(_SCALES),
    default="small",
    show_default=True,
    envvar="FLOE_DEMO_SEED_SCALE",
    show_envvar=True,
    help="How much data.",
)
@click.option("--no-ui", is_flag=True, help="Run the products, start nothing that stays.")
@click.option(
    "--port", type=click.IntRange(1, 65535), default=3000, show_default=True, help="Where the UI listens."
)
@output_option
@click.pass_context
def command(context: click.Context, scale: str, no_ui: bool, port: int, output: Output) -> None:
    """Run the demo products end to end and leave the UI on them.

    In the demo platform's folder it uses what is there; elsewhere it writes a new folder floe-demo.
    """
    if context.invoked_subcommand:
        return
    demo = find_demo(Path.cwd()) or write_demo(Path.cwd(), output)
    write_seeds(demo, scale)
    context.with_resource(telemetry.session())  # one for all, so that the end is waited for once
    compilations = [compile_and_tell(location, output) for location in _products(demo)]
    if not no_ui:
        _orchestrator(compilations).check_port(compilations[0].location.state_dir, port)
    results = [_run(compilation, output) for compilation in compilations]
    urls = {} if no_ui else _serve(compilations, port, output)
    products = [product_item(compilation.location) for compilation in compilations]
    output.document({"products": products, "urls": urls})
    if any(result.state != "succeeded" for result in results):
        context.exit(1)


@command.command()
@output_option
def stop(output: Output) -> None:
    """End what the demo left running."""
    demo = find_demo(Path.cwd())
    if demo is None:
        raise SpecError(
            Problem("FLOE-E014", "no demo platform here", hint="go to its folder, floe demo stop")
        )
    stopped = stop_serving(Location(demo, demo / MANIFEST_NAME).state_dir)
    output.document({"stopped": stopped})
    output.line("the demo's UI is stopped" if stopped else "nothing of the demo was running")


def _products(demo: Path) -> list[Location]:
    if products := find_products(demo, manifest=demo / MANIFEST_NAME):
        return products
    raise SpecError(Problem("FLOE-E014", f"no product below '{shown(demo)}'", hint="remove it, floe demo"))


def _run(compilation: Compilation, output: Output) -> RunResult:
    output.line()
    output.line(click.style(compilation.artifacts.metadata.product_name, bold=True))
    return run_and_tell(compilation, output)


def _serve(compilations: Sequence[Compilation], port: int, output: Output) -> dict[str, str]:
    name = compilations[0].artifacts.plugins.orchestrator.type
    output.note(f"starting {name}'s UI ...")
    served = _orchestrator(compilations).serve([each.location for each in compilations], port=port, keep=True)
    output.line()
    output.line(f"{name}: {served.url}")
    output.line("it keeps running; end it with: floe demo stop")
    if sys.stdout.isatty() and (sys.platform == "darwin" or os.environ.get("DISPLAY")):
        click.launch(served.url)
    return {name: served.url}


def _orchestrator(compilations: Sequence[Compilation]) -> OrchestratorPlugin:
    return Platform(compilations[0].artifacts.plugins).orchestrator
