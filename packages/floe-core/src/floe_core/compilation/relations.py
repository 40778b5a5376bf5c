"""What there is to bind: every node of a plan as a relation."""

from __future__ import annotations

from collections.abc import Mapping

from floe_core.compilation.guarantees import not_null_columns
from floe_core.compilation.plan import Plan
from floe_core.compilation.views import is_inlined
from floe_core.plugins.compute import Column, Relation
from floe_core.plugins.dbt import CompiledNode, ParsedNode
from floe_core.schemas.artifacts import Transform

Columns = tuple[tuple[str, str], ...]


def relations_of(plan: Plan, compiled: Mapping[str, CompiledNode]) -> list[Relation]:
    """In dependency order."""
    not_null = not_null_columns(plan)
    return [
        _relation(plan, node, compiled.get(node.unique_id, CompiledNode()), not_null.get(node.unique_id))
        for node in plan.project.nodes
    ]


def _relation(
    plan: Plan, node: ParsedNode, compiled: CompiledNode, not_null: frozenset[str] | None
) -> Relation:
    """The rendered SQL; without one the columns of a seed, or those that somebody says there are."""
    columns = compiled.columns
    if columns is None and compiled.sql is None and not compiled.error:
        columns = _written_by_another(plan, node) or _described(node)
    return Relation(
        unique_id=node.unique_id,
        schema=node.schema,
        name=node.alias,
        sql=compiled.sql,
        columns=tuple(Column(name, kind) for name, kind in columns) if columns is not None else None,
        depends_on=node.depends_on,
        database=node.database,
        not_null=not_null or frozenset(),
        incremental_sql=compiled.incremental_sql,
        stored=not is_inlined(plan, node),
    )


def _written_by_another(plan: Plan, node: ParsedNode) -> Columns | None:
    """The columns that another product's artifact says its table has."""
    neighbour = plan.neighbours.get(node.unique_id)
    table = neighbour.table(node) if neighbour else None
    if table is None or (isinstance(table, Transform) and (table.proof == "deferred" or not table.stored)):
        return None
    return tuple((column.name, column.type) for column in table.columns)


def _described(node: ParsedNode) -> Columns | None:
    """The described columns of a source or a model, if every one has a type."""
    if node.resource_type not in ("source", "model"):
        return None
    typed = tuple((name, kind) for name, kind in node.columns if kind)
    return typed if typed and len(typed) == len(node.columns) else None
