"""What other products are going to do without."""

from __future__ import annotations

from collections.abc import Iterator

from floe_core.compilation.checks.columns import Proofs
from floe_core.compilation.checks.models import models, named_at
from floe_core.compilation.neighbours import Neighbour
from floe_core.compilation.plan import Plan
from floe_core.errors import Problem
from floe_core.plugins.dbt import ParsedNode
from floe_core.schemas.artifacts import ArtifactDeprecation

Announced = dict[str | None, ArtifactDeprecation]
"""What is said of one table, by its columns in lower case; None for the table itself."""


def deprecations(plan: Plan, proofs: Proofs) -> Iterator[Problem]:
    """A model reads no table and no column of another product that may be dropped in a later version."""
    sources = {node.unique_id: node for node in plan.sources_read()}
    announced = {
        unique_id: of_table
        for unique_id, neighbour in plan.neighbours.items()
        if unique_id in sources and (of_table := _announced(neighbour, sources[unique_id]))
    }
    for node, _ in models(plan, plan.sources.manifest.governance.rules.deprecations):
        for source, column in _reads(node, proofs):
            if (said := announced.get(source, {}).get(column)) is not None:
                yield _problem(plan, node, sources[source], said)


def _announced(neighbour: Neighbour, source: ParsedNode) -> Announced:
    table = neighbour.table(source)
    if table is None or neighbour.artifacts is None:
        return {}
    of_table = [each for each in neighbour.artifacts.deprecations if each.table == table.name]
    return {each.column and each.column.casefold(): each for each in of_table}


def _reads(node: ParsedNode, proofs: Proofs) -> list[tuple[str, str | None]]:
    """The relations a model reads, each followed by its columns, as far as they are known."""
    proof = proofs.get(node.unique_id)
    lineage = proof.lineage if proof else None
    found: set[tuple[str, str | None]] = {(unique_id, None) for unique_id in node.depends_on}
    if lineage is not None:
        for inputs in (*(lineage.columns or ()), lineage.rows):
            found |= {(each.relation, each.column.casefold()) for each in inputs}
        found |= {(relation, column.casefold()) for relation, column in lineage.others}
    return sorted(found, key=lambda read: (read[0], read[1] or ""))


def _problem(plan: Plan, node: ParsedNode, source: ParsedNode, said: ArtifactDeprecation) -> Problem:
    neighbour = plan.neighbours[source.unique_id]
    assert neighbour.artifacts
    what = f"column '{said.table}.{said.column}'" if said.column else f"table '{said.table}'"
    asked = neighbour.artifacts.metadata.owner or neighbour.name
    return Problem(
        "FLOE-E318",
        f"model '{node.name}' reads {what} of product '{neighbour.name}', deprecated since {said.since}",
        named_at(plan, node, source),
        hint=f"read '{said.instead}' instead" if said.instead else f"ask '{asked}' what to read instead",
    )
