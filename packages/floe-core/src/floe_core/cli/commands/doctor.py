"""``floe doctor``: what is fine here, and what mends the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import click

from floe_core.cli.doctor import installation, machine, platform, state
from floe_core.cli.doctor.finding import Finding, State, examined
from floe_core.cli.options import manifest_option, product_argument
from floe_core.cli.output import Output, counted, output_option
from floe_core.cli.problems import place_of, problems_document
from floe_core.compilation.plan import ChosenPlugins
from floe_core.location import Location, find_products, locate, manifest_above
from floe_core.plugins.registry import PluginRegistry

_COLOURS: dict[State, str] = {"ok": "green", "warning": "yellow", "wrong": "red"}
_INDENT = " " * 9


@click.command()
@product_argument
@manifest_option
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=3000,
    show_default=True,
    help="Where the UI would listen.",
)
@output_option
@click.pass_context
def command(
    context: click.Context, product: Path | None, manifest: Path | None, port: int, output: Output
) -> None:
    """Look at the installation, the machine, and the products of the platform here, or one of them.

    Each line says what is fine, or what is wrong and what to type to mend it. Nothing is changed.
    """
    registry = PluginRegistry()
    with output.alone():
        findings = [
            *examined("python", installation.python),
            *examined("distributions", partial(installation.distributions, registry)),
        ]
        locations: list[Location] = []
        findings += examined("products", partial(_products, product, manifest, locations))
        findings += _examine(locations, registry, port)
    findings = list(dict.fromkeys(findings))  # products share plugins, and say the same of them
    problems = [problem for finding in findings for problem in finding.problems]
    checks = [{"what": each.what, "state": each.state, "said": each.said} for each in findings]
    output.document({"checks": checks, **problems_document(problems)})
    for finding in findings:
        for line in _lines(finding):
            output.line(line)
    output.line(_summary(findings))
    if any(finding.state == "wrong" for finding in findings):
        context.exit(1)


def _products(product: Path | None, manifest: Path | None, locations: list[Location]) -> Iterator[Finding]:
    here = Path.cwd()
    locations += [locate(product, manifest=manifest)] if product else find_products(here, manifest=manifest)
    yield Finding("products", str(len(locations)) if locations else "none here: floe init makes one")
    if not locations and (above := manifest or manifest_above(here)):
        yield from platform.manifest(above)


def _examine(locations: Sequence[Location], registry: PluginRegistry, port: int) -> Iterator[Finding]:
    chosen: list[tuple[Location, ChosenPlugins]] = []
    for location in locations:
        yield from examined(location.product_dir.name, partial(platform.product, location, registry, chosen))
    checks: list[tuple[str, Callable[[], Iterator[Finding]]]] = []
    for location in locations:
        checks.append(("permissions", partial(machine.permissions, location)))
    for location in {each.state_dir: each for each in locations}.values():
        checks.append(("disk", partial(machine.disk, location.state_dir)))
        checks.append(("ledger", partial(state.ledger, location.state_dir)))
        checks.append(("clock", partial(machine.clock, location)))
    for location, plugins in {each.state_dir: (each, plugins) for each, plugins in chosen}.values():
        checks.append(("tables", partial(state.catalog, location, plugins)))
        checks.append(("UI", partial(state.port, location, plugins, port)))
    checks += [(each.product_dir.name, partial(state.leftovers, each)) for each in locations]
    for what, check in checks:
        yield from examined(what, check)


def _lines(finding: Finding) -> Iterator[str]:
    head = click.style(f"{finding.state:<8}", fg=_COLOURS[finding.state])
    if not finding.problems:
        yield f"{head} {finding.what}: {finding.said}"
        return
    for problem in finding.problems:
        place = f"{place_of(problem.at)}: " if problem.at else ""
        yield f"{head} {finding.what}: {place}{problem.code} {problem.message}"
        if problem.hint:
            yield f"{_INDENT}{problem.hint}"


def _summary(findings: Sequence[Finding]) -> str:
    wrong = sum(finding.state == "wrong" for finding in findings)
    return f"{counted(wrong, 'thing')} to mend" if wrong else "nothing to mend"
