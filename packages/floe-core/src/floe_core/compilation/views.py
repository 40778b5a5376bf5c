"""dbt's views: which stay queries, and what keeps one from being that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from floe_core.compilation.plan import Plan
from floe_core.compilation.property_file import described_at
from floe_core.errors import Problem
from floe_core.inlined_views import InlinedView
from floe_core.plugins.dbt import CompiledNode, ParsedNode
from floe_core.schemas.artifacts import Transform

_WAYS = ("table", "inline")


def is_inlined(plan: Plan, node: ParsedNode) -> bool:
    """Whether a view stays a named query: as the model says, else as its product does."""
    if node.resource_type != "model" or node.materialized != "view":
        return False
    return (_said(node) or plan.sources.spec.views) == "inline"


def is_stored(plan: Plan, node: ParsedNode) -> bool:
    """Whether the model's rows are a table of the catalog."""
    return node.materialized != "ephemeral" and not is_inlined(plan, node)


def inlined_views(plan: Plan, compiled: Mapping[str, CompiledNode]) -> tuple[InlinedView, ...]:
    """The product's inlined views with their queries."""
    return tuple(
        InlinedView(node.schema, node.alias, sql)
        for node in plan.models()
        if is_inlined(plan, node) and (sql := compiled[node.unique_id].sql)
    )


def view_problems(plan: Plan, compiled: Mapping[str, CompiledNode]) -> Iterator[Problem]:
    """Views that cannot be inlined, and sources that are no table where they come from."""
    for node in plan.models():
        said = _said(node)
        if said is not None and said not in _WAYS:
            yield Problem(
                "FLOE-E473",
                f"meta.floe.views of model '{node.name}' is '{said}'",
                described_at(plan, node),
                hint=f"one of {', '.join(_WAYS)}",
            )
        elif is_inlined(plan, node) and (reason := _needs_a_table(node, compiled)):
            yield Problem(
                "FLOE-E474",
                f"view '{node.name}' cannot be inlined: {reason}",
                described_at(plan, node),
                hint="make it a table: meta: {floe: {views: table}}",
            )
    for source in plan.sources_read():
        neighbour = plan.neighbours.get(source.unique_id)
        table = neighbour.table(source) if neighbour else None
        if neighbour and isinstance(table, Transform) and not table.stored:
            kind = "an inlined view" if table.materialized == "view" else "an ephemeral model"
            yield Problem(
                "FLOE-E475",
                f"source '{source.name}' is {kind} of product '{neighbour.name}', no table others can read",
                described_at(plan, source),
                hint=f"ask for a table: 'meta: {{floe: {{views: table}}}}' of its model '{table.name}'",
            )


def _said(node: ParsedNode) -> Any:
    said = node.meta.get("floe")
    return said.get("views") if isinstance(said, dict) else None


def _needs_a_table(node: ParsedNode, compiled: Mapping[str, CompiledNode]) -> str | None:
    contract = node.config.get("contract")
    if isinstance(contract, dict) and contract.get("enforced"):
        return "its contract is enforced, which promises a table to others"
    if node.config.get("access") == "public":
        return "its access is public, and other products find tables only"
    if node.config.get("sql_header"):
        return "it has a sql_header, which runs before a table is written"
    return compiled.get(node.unique_id, CompiledNode()).deferred
