"""dbt contracts: the columns a model promises, held against those it was bound with."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from floe_core.compilation.plan import Plan
from floe_core.compilation.property_file import described_at
from floe_core.errors import Problem
from floe_core.plugins.compute import Column
from floe_core.plugins.dbt import ParsedNode
from floe_core.suggestion import did_you_mean


def contract_problems(plan: Plan, node: ParsedNode, bound: Sequence[Column] | None) -> Iterator[Problem]:
    """What of an enforced contract is not so; ``bound`` is None where the columns show only in the run."""
    contract = node.config.get("contract")
    if node.resource_type != "model" or not (isinstance(contract, dict) and contract.get("enforced")):
        return
    if bound is None:
        return  # the run holds the model to it before it writes
    there = {column.name.casefold(): column for column in bound}
    promised = {name.casefold() for name, _ in node.columns}
    for name, kind in node.columns:
        yield from _column(plan, node, name, kind, there.get(name.casefold()), there)
    for column in bound:
        if column.name.casefold() not in promised:
            message = f"model '{node.name}' has a column '{column.name}' that its contract does not"
            hint = f"add '- {{name: {column.name}, data_type: {column.type.lower()}}}' under 'columns'"
            yield Problem("FLOE-E471", message, described_at(plan, node), hint)


def _column(
    plan: Plan,
    node: ParsedNode,
    name: str,
    kind: str | None,
    found: Column | None,
    there: dict[str, Column],
) -> Iterator[Problem]:
    at = described_at(plan, node, name)
    if found is None:
        message = f"the contract of model '{node.name}' has a column '{name}', its SQL does not"
        names = [column.name for column in there.values()]
        yield Problem("FLOE-E470", message, at, did_you_mean(name, names))
    elif kind and plan.plugins.compute.type_name(kind) != found.type:
        message = f"column '{node.name}.{name}' is {found.type}, its contract says {_spelled(kind)}"
        hint = f"cast it: {name}::{_spelled(kind)}, or write 'data_type: {found.type.lower()}'"
        yield Problem("FLOE-E472", message, at, hint)


def _spelled(kind: str) -> str:
    return re.sub(r"\s+", " ", kind).strip()
