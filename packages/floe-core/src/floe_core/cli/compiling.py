"""Compiling a product, told in a line."""

from __future__ import annotations

import time
from pathlib import Path

from floe_core.cli.output import Output
from floe_core.cli.problems import show_problems
from floe_core.compiler import Compilation, compile_floe_spec
from floe_core.location import locate


def compile_product(
    product: Path | None, manifest: Path | None, output: Output, *, verbose: bool = False
) -> Compilation:
    """Find the product, compile it if its files changed, and say so."""
    location = locate(product, manifest=manifest)
    if location.manifest_path is None:
        output.note("no manifest.yaml here or above: this runs on the built-in embedded platform")
    started = time.perf_counter()
    compilation = compile_floe_spec(location.spec_path, location.manifest_path)
    output.line(_line(compilation, time.perf_counter() - started))
    if verbose:
        show_problems(output, compilation.warnings)
    elif compilation.warnings:
        output.note(_summary(len(compilation.warnings)))
    return compilation


def _line(compilation: Compilation, seconds: float) -> str:
    artifacts = compilation.artifacts
    parts = [counted(len(artifacts.transforms), "model")]
    if artifacts.seeds:
        parts.append(counted(len(artifacts.seeds), "seed"))
    end = "unchanged" if compilation.unchanged else f"{seconds:.1f} s"
    name = artifacts.metadata.product_name
    return f"compiled {name}: {', '.join(parts)}, digest {artifacts.digest[:8]}, {end}"


def _summary(count: int) -> str:
    return f"{counted(count, 'warning')}, shown by: floe compile --verbose"


def counted(count: int, thing: str) -> str:
    """The count with its noun: '1 model', '2 models'."""
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"
