"""Running a product, told while it happens."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from floe_core.cli.compiling import compile_product
from floe_core.cli.outcome import outcome_lines
from floe_core.cli.output import Output
from floe_core.cli.progress import Progress
from floe_core.compiler import Compilation
from floe_core.errors import shown
from floe_core.events import RunEvent
from floe_core.platform import Platform
from floe_core.run_result import RunResult


def run_product(
    product: Path | None,
    manifest: Path | None,
    output: Output,
    *,
    select: Sequence[str] = (),
    full_refresh: bool = False,
) -> RunResult:
    """Compile and run; a failed model is in the result."""
    compilation = compile_product(product, manifest, output)
    return run_compiled(compilation, output, select=select, full_refresh=full_refresh)


def run_compiled(
    compilation: Compilation, output: Output, *, select: Sequence[str] = (), full_refresh: bool = False
) -> RunResult:
    """Run what was compiled, with a line for each model and the outcome."""
    artifacts = compilation.artifacts
    names = [seed.name for seed in artifacts.seeds] + [model.name for model in artifacts.transforms]
    progress = Progress(names)
    try:
        result = Platform(artifacts.plugins).orchestrator.run(
            compilation.location,
            artifacts,
            select=select,
            full_refresh=full_refresh,
            observe=_unheard if output.json else progress,
        )
    finally:
        if not output.json:
            progress.close()
    for line in outcome_lines(result, _sources(compilation)):
        output.line(line)
    return result


def _unheard(event: RunEvent) -> None:
    """JSON is one document at the end."""


def _sources(compilation: Compilation) -> dict[str, str]:
    project = compilation.location.product_dir / compilation.artifacts.metadata.dbt_project
    seeds = {seed.unique_id: seed.path for seed in compilation.artifacts.seeds}
    models = {model.unique_id: model.path for model in compilation.artifacts.transforms}
    return {unique_id: shown(project / path) for unique_id, path in {**seeds, **models}.items()}
