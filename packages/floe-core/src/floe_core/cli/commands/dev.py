"""``floe dev``: the UI and the daemon over every product here, for as long as the command runs."""

from __future__ import annotations

import time
from pathlib import Path

import click

from floe_core.cli.compiling import compile_and_tell
from floe_core.cli.options import manifest_option
from floe_core.cli.output import Output, output_option
from floe_core.cli.products import platform_products
from floe_core.errors import Problem, ServiceError
from floe_core.platform import Platform
from floe_core.plugins.orchestrator import OrchestratorPlugin, Served

_LOOK_S = 1.0


@click.command()
@manifest_option
@click.option(
    "--port", type=click.IntRange(1, 65535), default=3000, show_default=True, help="Where the UI listens."
)
@output_option
def command(manifest: Path | None, port: int, output: Output) -> None:
    """Compile every product here and serve the UI and the daemon over them, until Ctrl-C.

    Where they are being served already it says where.
    """
    compilations = [compile_and_tell(location, output) for location in platform_products(manifest)]
    orchestrator = Platform(compilations[0].artifacts.plugins).orchestrator
    locations = [compilation.location for compilation in compilations]
    state_dir = locations[0].state_dir
    orchestrator.check_port(state_dir, port)
    if orchestrator.serving(state_dir) is None:
        output.note("starting the UI ...")
    served = orchestrator.serve(locations, port=port, keep=False)
    if served.found:
        _told(served, output)
        output.line(f"being served already: {served.url}")
        return
    try:  # from here on it is ours to end: who reads where it is served may stop us at once
        _told(served, output)
        output.line(f"{served.url}, until Ctrl-C")
        _watch(orchestrator, state_dir)
    except KeyboardInterrupt:
        output.line("stopped")
    finally:
        orchestrator.stop(state_dir)


def _told(served: Served, output: Output) -> None:
    output.document({"url": served.url, "found": served.found})


def _watch(orchestrator: OrchestratorPlugin, state_dir: Path) -> None:
    while orchestrator.serving(state_dir):
        time.sleep(_LOOK_S)
    raise ServiceError(
        Problem(
            "FLOE-E903", "the UI or its daemon ended by itself", hint=f"read the logs in '{state_dir}/logs'"
        )
    )
