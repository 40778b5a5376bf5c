"""Compiling a product, told in a line."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from floe_core.cli.output import Output, counted
from floe_core.cli.problems import show_problems
from floe_core.compiler import Compilation, compile_product
from floe_core.errors import FloeError
from floe_core.location import Location

_POLICY = "FLOE-E3"


def compile_and_tell(
    location: Location, output: Output, *, verbose: bool = False, against: Path | None = None
) -> Compilation:
    """Compile the product if its files changed, and say so; ``against`` is its last release."""
    if location.manifest_path is None:
        output.note("no manifest.yaml here or above: this runs on the built-in embedded platform")
    started = time.perf_counter()
    with output.alone():
        compilation = compile_product(location, against=against)
    output.line(_line(compilation, time.perf_counter() - started))
    policy = [warning for warning in compilation.warnings if warning.code.startswith(_POLICY)]
    show_problems(output, [warning for warning in compilation.warnings if verbose or warning not in policy])
    if policy and not verbose and not compilation.unchanged:  # said once is enough
        output.note(f"policy: {counted(len(policy), 'warning')}, shown by: floe compile --verbose")
    return compilation


def together(failures: Sequence[FloeError]) -> FloeError:
    """One error with the problems of all; it ends the command as the first of its kind would."""
    return type(failures[0])([problem for failure in failures for problem in failure.problems])


def _line(compilation: Compilation, seconds: float) -> str:
    artifacts = compilation.artifacts
    parts = [counted(len(artifacts.transforms), "model")]
    if artifacts.seeds:
        parts.append(counted(len(artifacts.seeds), "seed"))
    end = "unchanged" if compilation.unchanged else f"{seconds:.1f} s"
    name = artifacts.metadata.product_name
    return f"compiled {name}: {', '.join(parts)}, digest {compilation.digest[:8]}, {end}"
