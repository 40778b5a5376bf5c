"""``floe plan``: what a run would do now."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from floe_core.cli.compiling import together
from floe_core.cli.options import manifest_option, product_argument
from floe_core.cli.output import Output, output_option
from floe_core.cli.planning import plan_item, plan_lines, plan_markdown
from floe_core.cli.problems import problems_document, show_problems
from floe_core.cli.products import meant_products
from floe_core.cli.reports import Form, format_option, reporting
from floe_core.cli.stores import Store
from floe_core.compilation.release import breaking_problems
from floe_core.compiler import Compilation, compile_product
from floe_core.errors import FloeError, Problem
from floe_core.location import Location
from floe_core.preview import Preview, preview
from floe_core.run import DEFAULT_ENVIRONMENT

Planned = tuple[Preview, Location, Compilation]

_WORK = 1
_POLICY = "FLOE-E3"


@click.command()
@product_argument
@manifest_option
@click.option("--exit-code", is_flag=True, help="End with 1 when there is something to do.")
@format_option
@output_option
@click.pass_context
def command(
    context: click.Context,
    product: Path | None,
    manifest: Path | None,
    exit_code: bool,
    form: Form,
    output: Output,
) -> None:
    """Say what a run would do now: models, tables, columns, who breaks. Changes nothing.

    PRODUCT is a product's name, its folder or its floe.yaml; by default the one here or above, else all.
    """
    with reporting(form, output, "floe plan") as report:
        planned, failures = _plan_all(meant_products(product, manifest), output)
        for found, location, compilation in planned:
            policy = [warning for warning in compilation.warnings if warning.code.startswith(_POLICY)]
            show_problems(output, [warning for warning in compilation.warnings if warning not in policy])
            for line in plan_lines(found, policy):
                output.line(line)
            report.lines += plan_markdown(found)
            report.problems += [*compilation.warnings, *_breaking(found, location)]
        if failures:
            raise together(failures)
    items = [plan_item(found) for found, _, _ in planned]
    output.document({"products": items, **problems_document(report.problems)})
    if exit_code and any(found.has_work for found, _, _ in planned):
        context.exit(_WORK)


def _plan_all(locations: list[Location], output: Output) -> tuple[list[Planned], list[FloeError]]:
    """What can be planned, and why the rest cannot."""
    planned: list[Planned] = []
    failures: list[FloeError] = []
    for location in locations:
        try:
            planned.append(_plan(location, output))
        except FloeError as error:
            failures.append(error)
    return planned, failures


def _plan(location: Location, output: Output) -> Planned:
    with output.alone():
        compilation = compile_product(location)
    lake = Store(location, compilation.artifacts).lake
    return preview(location, compilation.artifacts, lake, DEFAULT_ENVIRONMENT), location, compilation


def _breaking(found: Preview, location: Location) -> list[Problem]:
    """What breaks, as warnings: 'floe compile --against' is who refuses it."""
    problems = breaking_problems(location, found.difference) if found.difference else ()
    return [replace(problem, severity="warning") for problem in problems]
