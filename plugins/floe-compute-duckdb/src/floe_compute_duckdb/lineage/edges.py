"""How one column comes to be in another, and how two such steps are one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, get_args

from floe_core.plugins.compute import ColumnInput
from floe_core.schemas.lineage import Transformation

KINDS: tuple[Transformation, ...] = get_args(Transformation)
"""The first three are direct, the others indirect; a later one wins over an earlier one."""

IDENTITY, TRANSFORMATION, AGGREGATION, CONDITIONAL, WINDOW, JOIN, FILTER, GROUP_BY, SORT = range(len(KINDS))


class Edge(NamedTuple):
    """A column of a relation, by the relation's unique id, and the index of its kind in ``KINDS``."""

    relation: str
    column: str
    kind: int


Edges = frozenset[Edge]
NONE: Edges = frozenset()


def through(kind: int, edges: Edges) -> Edges:
    """The edges of a column that is itself used as ``kind``."""
    if kind == IDENTITY or not edges:
        return edges
    if kind > AGGREGATION:
        return frozenset(Edge(relation, column, kind) for relation, column, _ in edges)
    return frozenset(edge if edge.kind >= kind else Edge(edge.relation, edge.column, kind) for edge in edges)


def without(edges: Edges, used: Iterable[Edges]) -> tuple[tuple[str, str], ...]:
    """The relations and columns of ``edges`` that are not among the used ones, sorted."""
    flowing = {(edge.relation, edge.column) for each in used for edge in each}
    return tuple(sorted({(edge.relation, edge.column) for edge in edges} - flowing))


def inputs(edges: Iterable[Edge]) -> tuple[ColumnInput, ...]:
    """The edges by name, sorted."""
    return tuple(ColumnInput(relation, column, KINDS[kind]) for relation, column, kind in sorted(edges))
