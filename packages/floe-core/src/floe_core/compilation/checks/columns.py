"""What columns must say of themselves: also those that nobody describes, so they are known when bound."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from fnmatch import fnmatchcase

from floe_core.compilation.checks.models import is_exempt, models_in
from floe_core.compilation.plan import Plan
from floe_core.compilation.property_file import described_at
from floe_core.errors import Problem
from floe_core.plugins.compute import Proof
from floe_core.plugins.dbt import ParsedNode
from floe_core.schemas.lineage import DIRECT

Proofs = Mapping[str, Proof]


def descriptions(plan: Plan, proofs: Proofs) -> Iterator[Problem]:
    """A column says what it is, where the rule asks it of columns."""
    rule = plan.sources.manifest.governance.rules.descriptions
    for node, layer in models_in(plan, rule, rule.layers if rule.columns else ()):
        described = {name.casefold() for name, text in node.column_descriptions.items() if text.strip()}
        for name in _names(node, proofs):
            if name.casefold() not in described:
                yield Problem(
                    "FLOE-E308",
                    f"column '{node.name}.{name}' is {layer} and has no description",
                    described_at(plan, node, name),
                    hint=f"write 'description: …' beside 'name: {name}' under 'columns'",
                )


def personal_data(plan: Plan, proofs: Proofs) -> Iterator[Problem]:
    """A column that may hold personal data, by its name or by what it is made from, says whether it does."""
    rule = plan.sources.manifest.governance.rules.personal_data
    personal: set[tuple[str, str]] = set()
    for node in plan.project.nodes:
        if node.resource_type not in ("model", "seed", "source"):
            continue
        for name in _names(node, proofs):
            said = _classified(node, name)
            origin = _origin(node, name, proofs, personal) if rule.inherited else None
            if said or (said is None and origin):
                personal.add((node.unique_id, name.casefold()))
            suspicious = any(fnmatchcase(name.casefold(), pattern.casefold()) for pattern in rule.columns)
            if said is None and (suspicious or origin) and not is_exempt(plan, node, rule):
                yield _unclassified(plan, node, name, None if suspicious else origin)


def _unclassified(plan: Plan, node: ParsedNode, column: str, origin: str | None) -> Problem:
    why = f"is made from '{origin}', which holds personal data," if origin else "may hold personal data"
    return Problem(
        "FLOE-E309",
        f"column '{node.name}.{column}' {why} and does not say whether it does",
        described_at(plan, node, column),
        hint=f"write 'meta: {{pii: true}}' (or false) beside 'name: {column}' under 'columns'",
    )


def _origin(
    node: ParsedNode, column: str, proofs: Proofs, personal: Collection[tuple[str, str]]
) -> str | None:
    """A personal column whose values get into this one."""
    proof = proofs.get(node.unique_id)
    inputs = proof.lineage.columns if proof and proof.lineage else None
    if proof is None or proof.columns is None or inputs is None:
        return None
    place = next(place for place, each in enumerate(proof.columns) if each.name == column)
    for each in inputs[place]:
        if each.transformation in DIRECT and (each.relation, each.column.casefold()) in personal:
            return f"{each.relation.rpartition('.')[2]}.{each.column}"
    return None


def _classified(node: ParsedNode, column: str) -> bool | None:
    """What the project says of the column, None where it says nothing."""
    meta = {name.casefold(): found for name, found in node.column_meta.items()}
    tags = {name.casefold(): found for name, found in node.column_tags.items()}
    said = meta.get(column.casefold(), {}).get("pii")
    if isinstance(said, bool):
        return said
    return True if "pii" in tags.get(column.casefold(), ()) else None


def _names(node: ParsedNode, proofs: Proofs) -> list[str]:
    """The columns as bound, else as described."""
    proof = proofs.get(node.unique_id)
    if proof is None or proof.columns is None:
        return [name for name, _ in node.columns]
    return [column.name for column in proof.columns]
