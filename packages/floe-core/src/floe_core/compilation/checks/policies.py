"""The platform team's own rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from floe_core.compilation.plan import Plan
from floe_core.compilation.policy_facts import Facts
from floe_core.compilation.property_file import described_at
from floe_core.errors import Position, Problem
from floe_core.plugins.dbt import ParsedNode
from floe_core.policy.files import FOLDER, policy_files
from floe_core.policy.judge import Question, judge
from floe_core.policy.policy import Policy
from floe_core.policy.reading import read_policies
from floe_core.policy.schema import document


def policies(plan: Plan) -> Iterator[Problem]:
    """What the files in ``policies/`` require is proven.

    Raises SpecError for files that are no policies of floe's.
    """
    facts = Facts(plan)
    of_product = document(facts.of_product())
    of_model = {node.unique_id: document(facts.of_model(node)) for node in plan.models()}
    asked: list[tuple[Policy, ParsedNode | None]] = []
    for policy in read_policies(policy_files(plan.sources.location)):
        asked += [(policy, node) for node in plan.models()] if policy.about == "model" else [(policy, None)]
    verdicts = judge(
        [Question(policy, of_model[node.unique_id] if node else of_product) for policy, node in asked]
    )
    failed: dict[tuple[Path, str], list[str]] = {}
    for (policy, node), verdict in zip(asked, verdicts, strict=True):
        if verdict.failed:
            failed.setdefault((policy.path, verdict.failed), []).append(_noun(plan, node))
        else:
            yield from (_unproven(plan, policy, node, id_) for id_ in verdict.denied)
    for (path, reason), subjects in failed.items():
        yield _no_answer(path, reason, subjects)


def _unproven(plan: Plan, policy: Policy, node: ParsedNode | None, id_: str) -> Problem:
    at = described_at(plan, node) if node else plan.sources.spec_file.at(("metadata",), key=True)
    message = f"{_noun(plan, node)} does not prove '{id_}' of policy '{policy.name}'"
    return Problem("FLOE-E312", message, at, policy.help.get(id_) or f"see {FOLDER}/{policy.path.name}")


def _no_answer(path: Path, reason: str, subjects: Sequence[str]) -> Problem:
    more = f" and {len(subjects) - 1} more" if len(subjects) > 1 else ""
    message = f"policy '{path.stem}' gives no answer for {subjects[0]}{more}, so nothing is proven: {reason}"
    return Problem("FLOE-E313", message, Position.of(path), hint="floe policy test")


def _noun(plan: Plan, node: ParsedNode | None) -> str:
    return f"model '{node.name}'" if node else f"product '{plan.product}'"
