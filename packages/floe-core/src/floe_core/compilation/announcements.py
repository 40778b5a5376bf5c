"""Deprecations of the product itself: they are about something that is there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

from floe_core.compilation.plan import Plan
from floe_core.errors import Problem
from floe_core.plugins.compute import Proof
from floe_core.plugins.dbt import ParsedNode


def announcement_problems(plan: Plan, proofs: Mapping[str, Proof]) -> Iterator[Problem]:
    """A deprecated table or column that the product does not have, as far as columns are known."""
    tables = {node.name: node for node in (*plan.models(), *plan.seeds())}
    for place, said in enumerate(plan.sources.spec.deprecations):
        key = "column" if said.column else "table"
        at = plan.sources.spec_file.at(("deprecations", place, key))
        name, _, column = (said.column or said.table or "").partition(".")
        node = tables.get(name)
        if node is None:
            hint = _misspelled(name, tables)
            yield Problem("FLOE-E225", f"deprecations: no model or seed '{name}'", at, hint)
            continue
        known = _columns(node, proofs)
        if column and known and column.casefold() not in known:
            hint = _misspelled(column, known.values())
            yield Problem("FLOE-E225", f"deprecations: no column '{name}.{column}'", at, hint)


def _misspelled(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f"did you mean '{close[0]}'?" if close else "if it is gone, delete this entry"


def _columns(node: ParsedNode, proofs: Mapping[str, Proof]) -> dict[str, str]:
    """By name in lower case; none where they show only in the run."""
    proof = proofs.get(node.unique_id)
    return {column.name.casefold(): column.name for column in (proof and proof.columns) or ()}
