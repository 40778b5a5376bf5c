"""The demo platform: its folder, and its seeds."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from floe_core.cli.output import Output
from floe_core.cli.templates import contents, demo_tree, write_new
from floe_core.errors import Problem, SpecError, WorkError, shown
from floe_core.location import MANIFEST_NAME, product_name
from floe_core.plugins import OrchestratorPlugin, PluginRegistry, PluginType

_NAME = "demo"
_NEW_FOLDER = "floe-demo"


def find_demo(here: Path) -> Path | None:
    """The demo platform's folder: the one stood in, or the one written here before."""
    return next((folder for folder in _candidates(here) if _is_demo(folder)), None)


def write_demo(here: Path, output: Output) -> Path:
    """Write the demo platform into a new folder below ``here`` and return it."""
    folder = here / _NEW_FOLDER
    write_new(folder, dict(contents(demo_tree())), hint=f"remove '{_NEW_FOLDER}', floe demo")
    output.line(f"wrote the demo platform: {shown(folder)}")
    return folder


def write_seeds(demo: Path, scale: str) -> None:
    """Write the seeds of every product; the same scale gives the same bytes."""
    script = demo / "scripts" / "generate_seeds.py"
    if not script.is_file():
        raise SpecError(
            Problem("FLOE-E014", f"no '{shown(script)}' in the demo", hint="run floe demo elsewhere")
        )
    done = subprocess.run(
        [sys.executable, str(script), "--scale", scale], capture_output=True, text=True, check=False
    )
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no word"])[-1]
        raise WorkError(Problem("FLOE-E015", f"the demo's seeds could not be written: {reason}"))


def stop_serving(state_dir: Path) -> bool:
    """End what an orchestrator left running; its artifacts may be gone, so every one installed is asked."""
    registry = PluginRegistry()
    installed = registry.discover_all()[PluginType.ORCHESTRATOR]
    plugins = [registry.create(PluginType.ORCHESTRATOR, name, {}) for name in installed]
    return any(plugin.stop(state_dir) for plugin in plugins if isinstance(plugin, OrchestratorPlugin))


def _candidates(here: Path) -> Iterator[Path]:
    yield from (here, *here.parents)
    yield here / _NEW_FOLDER


def _is_demo(folder: Path) -> bool:
    # a manifest says its name where a floe.yaml says its product's
    return product_name(folder / MANIFEST_NAME) == _NAME
