"""``floe platform``: the platform team's verbs, over all products."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from floe_core.cli.compiling import compile_and_tell, together
from floe_core.cli.options import manifest_option
from floe_core.cli.output import Output, output_option
from floe_core.cli.problems import problems_document
from floe_core.cli.products import platform_products
from floe_core.cli.reports import Form, format_option, reporting
from floe_core.compiler import Compilation
from floe_core.errors import FloeError, shown
from floe_core.location import Location
from floe_core.platform import Platform

_NEIGHBOUR_NOT_COMPILED = "FLOE-E310"


@click.group()
def command() -> None:
    """What a platform team does, over all products of a manifest."""


@command.command("compile")
@manifest_option
@click.option("--verbose", is_flag=True, help="Show every warning.")
@format_option
@output_option
def compile_all(manifest: Path | None, verbose: bool, form: Form, output: Output) -> None:
    """Compile every product and write the workspace in which the orchestrator finds them.

    The problems of all products are shown together; the workspace is written when there are none.
    """
    with reporting(form, output, "floe platform compile") as report:
        compilations = _compile(platform_products(manifest), output, verbose=verbose)
        report.problems += [warning for compilation in compilations for warning in compilation.warnings]
        orchestrator = Platform(compilations[0].artifacts.plugins).orchestrator
        workspace = shown(orchestrator.write_workspace([each.location for each in compilations]))
        output.line(f"workspace: {workspace}")
        products = [_item(compilation) for compilation in compilations]
        output.document({"products": products, "workspace": workspace, **problems_document(report.problems)})


def _compile(locations: list[Location], output: Output, *, verbose: bool) -> list[Compilation]:
    """Compile all; once more who read a product before it was compiled."""
    outcomes = {location: _attempt(location, output, verbose) for location in locations}
    early = [location for location, outcome in outcomes.items() if _came_early(outcome)]
    outcomes |= {location: _attempt(location, output, verbose) for location in early}
    failures = [outcome for outcome in outcomes.values() if isinstance(outcome, FloeError)]
    if failures:
        raise together(failures)
    return [outcome for outcome in outcomes.values() if isinstance(outcome, Compilation)]


def _attempt(location: Location, output: Output, verbose: bool) -> Compilation | FloeError:
    try:
        return compile_and_tell(location, output, verbose=verbose)
    except FloeError as error:
        return error


def _came_early(outcome: Compilation | FloeError) -> bool:
    problems = outcome.problems if isinstance(outcome, FloeError) else outcome.warnings
    return any(problem.code == _NEIGHBOUR_NOT_COMPILED for problem in problems)


def _item(compilation: Compilation) -> dict[str, Any]:
    return {
        "product": compilation.artifacts.metadata.product_name,
        "artifacts": shown(compilation.location.artifacts_path),
        "digest": compilation.digest,
        "unchanged": compilation.unchanged,
    }
