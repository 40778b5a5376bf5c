"""``floe policy``: a platform team's own rules."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from floe_core.cli.options import manifest_option
from floe_core.cli.output import Output, counted, output_option
from floe_core.errors import Problem, SpecError, shown
from floe_core.location import MANIFEST_NAME, manifest_above
from floe_core.policy.cases import Outcome, Tested, cases_path, run_cases
from floe_core.policy.files import FOLDER, files_in
from floe_core.policy.judge import check
from floe_core.policy.reading import read_policies
from floe_core.policy.schema import INPUTS, About, input_schema

_FAILED = 1


@click.group()
def command() -> None:
    """Work on the policies beside a manifest: 'policies/NAME.rego'."""


@command.command("test")
@manifest_option
@output_option
@click.pass_context
def test_policies(context: click.Context, manifest: Path | None, output: Output) -> None:
    """Ask each policy about its cases in 'policies/NAME.cases.yaml'.

    A case says of an input no more than it is about, and what is to be denied: nothing by default.
    """
    folder = _folder(manifest)
    policies = read_policies(files_in(folder))
    if not policies:
        hint = f"write '{shown(folder / 'NAME.rego')}'; docs/policies.md says how"
        raise SpecError(Problem("FLOE-E316", f"no policies in '{shown(folder)}'", hint=hint))
    check(policies)
    tested = run_cases(policies)
    output.document({"policies": [_item(each) for each in tested]})
    for each in tested:
        for line in _lines(each):
            output.line(line)
    outcomes = [outcome for each in tested for outcome in each.outcomes]
    failed = sum(not outcome.passed for outcome in outcomes)
    output.line(f"{counted(len(outcomes), 'case')}: {len(outcomes) - failed} passed, {failed} failed")
    if failed:
        context.exit(_FAILED)


@command.command("schema")
@click.argument("about", type=click.Choice(sorted(INPUTS)))
@output_option
def print_schema(about: About, output: Output) -> None:
    """Print the JSON Schema of what a policy ABOUT a model or a product sees as 'input'."""
    schema = input_schema(about)
    output.document(schema)
    output.line(json.dumps(schema, indent=2))


def _folder(manifest: Path | None) -> Path:
    found = manifest_above(Path.cwd()) if manifest is None else manifest
    if found is None:
        raise SpecError(
            Problem("FLOE-E212", f"no {MANIFEST_NAME} here or above", hint="policies lie beside a manifest")
        )
    return (found if found.is_dir() else found.parent) / FOLDER


def _lines(tested: Tested) -> list[str]:
    name = shown(tested.policy.path)
    if not tested.outcomes:
        return [f"{name}: no cases; write {shown(cases_path(tested.policy))}"]
    lines = [name]
    for outcome in tested.outcomes:
        word = click.style("ok    ", fg="green") if outcome.passed else click.style("failed", fg="red")
        lines.append(f"  {word}  {outcome.case.name}")
        if not outcome.passed:
            lines.append(f"          {outcome.case.at}: {_reason(outcome)}")
    lines += [f"  no case denies '{id_}'" for id_ in tested.never_denied]
    return lines


def _reason(outcome: Outcome) -> str:
    if outcome.verdict.failed:
        return f"no answer: {outcome.verdict.failed}"
    return f"denied {_ids(outcome.verdict.denied)}, expected {_ids(outcome.case.denied)}"


def _ids(ids: Sequence[str]) -> str:
    return ", ".join(f"'{id_}'" for id_ in sorted(ids)) or "nothing"


def _item(tested: Tested) -> dict[str, Any]:
    return {
        "policy": tested.policy.name,
        "file": shown(tested.policy.path),
        "cases": [
            {
                "name": outcome.case.name,
                "state": "passed" if outcome.passed else "failed",
                "denied": sorted(outcome.verdict.denied),
                "expected": sorted(outcome.case.denied),
                "reason": None if outcome.passed else _reason(outcome),
            }
            for outcome in tested.outcomes
        ],
        "never_denied": tested.never_denied,
    }
