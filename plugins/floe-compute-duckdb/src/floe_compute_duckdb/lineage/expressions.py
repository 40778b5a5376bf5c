"""Which columns an expression is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from sqlglot import exp

from floe_compute_duckdb.lineage.edges import (
    AGGREGATION,
    CONDITIONAL,
    IDENTITY,
    NONE,
    TRANSFORMATION,
    WINDOW,
    Edges,
    through,
)
from floe_compute_duckdb.lineage.scope import Rows, Scope, Unresolved

Subquery = Callable[[exp.Expr, Scope], Rows]

_AS_IT_IS = (exp.Paren, exp.Alias)


class Expressions:
    """Walks expressions; ``subquery`` answers for the queries inside them."""

    def __init__(self, subquery: Subquery) -> None:
        self._subquery = subquery
        self._named: set[Edges] = set()

    @property
    def named(self) -> Edges:
        """All columns that a name in the text has meant, whether or not anything comes of them."""
        return NONE.union(*self._named)

    def name(self, path: Sequence[str], scope: Scope) -> None:
        """Take down a column that is named without being used, as in EXCLUDE."""
        self._named.add(scope.column(path)[0].edges)

    def edges(
        self, node: exp.Expr | None, scope: Scope, kind: int = IDENTITY, *, aliases_first: bool = False
    ) -> Edges:
        """The columns in ``node``, each as the kind it is used as."""
        found: set[Edges] = set()
        if node is not None:
            self._walk(node, scope, kind, found, aliases_first)
        return NONE.union(*found) if found else NONE

    def _walk(self, node: exp.Expr, scope: Scope, kind: int, found: set[Edges], aliases_first: bool) -> None:
        if isinstance(node, exp.Column):
            found.add(self._column(node, scope, kind, aliases_first))
            return
        if isinstance(node, exp.Star | exp.PositionalColumn):
            raise Unresolved("columns that are not named")
        if isinstance(node, exp.Query):
            rows = self._subquery(node, scope)
            found.update(through(kind, column.edges) for column in rows.columns)
            found.add(through(kind, rows.edges))
            return
        if isinstance(node, exp.Window) and (alias := node.args.get("alias")) is not None:
            found.add(through(max(kind, WINDOW), scope.windows.get(alias.name.lower(), NONE)))
        if isinstance(node, exp.Lambda | exp.Comprehension):
            scope = _with_locals(node, scope)
        for child, used_as in _children(node):
            self._walk(child, scope, _narrowed(kind, used_as), found, aliases_first)

    def _column(self, node: exp.Column, scope: Scope, kind: int, aliases_first: bool) -> Edges:
        if isinstance(node.this, exp.Star):
            raise Unresolved("columns that are not named")
        path = [part.name for part in node.parts]
        column, into_fields = scope.column(path, aliases_first=aliases_first)
        self._named.add(column.edges)
        return through(_narrowed(kind, TRANSFORMATION) if into_fields else kind, column.edges)


def _narrowed(outer: int, inner: int) -> int:
    """What a part is used as, inside an expression that is used as ``outer``."""
    return outer if outer > AGGREGATION else max(outer, inner)


def _children(node: exp.Expr) -> Iterator[tuple[exp.Expr, int]]:
    """The parts of an expression, and what each is used as."""
    if isinstance(node, _AS_IT_IS):
        yield node.this, IDENTITY
        return
    if isinstance(node, exp.Case):
        yield from _case(node)
        return
    if isinstance(node, exp.Count) and isinstance(node.this, exp.Star):
        return
    kind = AGGREGATION if isinstance(node, exp.AggFunc) else TRANSFORMATION
    for name, value in node.args.items():
        used_as = _USED_AS.get((type(node), name), kind)
        for child in value if isinstance(value, list) else (value,):
            if isinstance(child, exp.Expr) and not isinstance(child, exp.Identifier | exp.DataType):
                yield child, used_as


def _case(node: exp.Case) -> Iterator[tuple[exp.Expr, int]]:
    if node.this is not None:
        yield node.this, CONDITIONAL
    for branch in node.args["ifs"]:
        yield branch.this, CONDITIONAL
        yield branch.args["true"], TRANSFORMATION
    if (default := node.args.get("default")) is not None:
        yield default, TRANSFORMATION


_USED_AS: dict[tuple[type[exp.Expr], str], int] = {
    (exp.If, "this"): CONDITIONAL,
    (exp.Filter, "expression"): CONDITIONAL,
    (exp.Window, "partition_by"): WINDOW,
    (exp.Window, "order"): WINDOW,
    (exp.Window, "spec"): WINDOW,
    (exp.Order, "expressions"): WINDOW,
    (exp.WithinGroup, "expression"): TRANSFORMATION,
}


def _with_locals(node: exp.Expr, scope: Scope) -> Scope:
    """The scope inside a lambda or a comprehension, whose parameters hide columns."""
    names = (
        [each.name for each in node.expressions] if isinstance(node, exp.Lambda) else [node.expression.name]
    )
    return Scope(
        parent=scope.parent,
        sources=scope.sources,
        aliases=scope.aliases,
        merged=scope.merged,
        windows=scope.windows,
        locals=scope.locals | {name.lower() for name in names},
    )
