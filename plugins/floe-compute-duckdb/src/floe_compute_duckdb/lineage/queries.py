"""Queries inside out: what a SELECT, a set operation or a CTE gives its reader."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlglot import exp

from floe_compute_duckdb.lineage.combining import both, by_name, by_position, with_names
from floe_compute_duckdb.lineage.edges import (
    FILTER,
    GROUP_BY,
    NONE,
    SORT,
    WINDOW,
    Edges,
    through,
)
from floe_compute_duckdb.lineage.expressions import Expressions
from floe_compute_duckdb.lineage.nulls import assume, never_null
from floe_compute_duckdb.lineage.relations import Ctes, Relations, Tables
from floe_compute_duckdb.lineage.scope import Col, Rows, Scope, Source, Unresolved
from floe_compute_duckdb.lineage.stars import expanded, is_star


class Queries:
    """Answers for one statement over ``tables``."""

    def __init__(self, tables: Tables) -> None:
        self._expressions = Expressions(self.rows)
        self._ctes: list[Ctes] = [{}]
        self._relations = Relations(tables, self._ctes, self._expressions, self.rows)

    @property
    def reads(self) -> tuple[str, ...] | None:
        """The unique ids of the relations read, None if a file or something else is read besides."""
        return self._relations.reads

    @property
    def named(self) -> Edges:
        """Every column the text has named so far."""
        return self._expressions.named

    def rows(self, query: exp.Expr, parent: Scope | None = None) -> Rows:
        """Raises Unresolved where the query has a form that is not followed here."""
        depth = len(self._ctes)
        self._with(query.args.get("with_"), parent)
        try:
            return self._rows(query, parent)
        finally:
            del self._ctes[depth:]

    def _rows(self, query: exp.Expr, parent: Scope | None) -> Rows:
        if isinstance(query, exp.Select):
            return self._select(query, parent)
        if isinstance(query, exp.SetOperation):
            return self._set_operation(query, parent)
        if isinstance(query, exp.Subquery):
            return self._ordered(query, self.rows(query.this, parent), parent)
        if isinstance(query, exp.Values):
            return self._values(query, parent)
        raise Unresolved(type(query).__name__)

    def _with(self, clause: exp.With | None, parent: Scope | None) -> None:
        for cte in clause.expressions if clause else ():
            name = cte.alias.lower()
            renamed = [each.name for each in cte.args["alias"].args.get("columns") or ()]
            recursive = clause is not None and clause.args.get("recursive") and _union_in(cte.this)
            rows = (
                self._recursive(name, recursive, renamed, parent)
                if recursive
                else self.rows(cte.this, parent)
            )
            self._ctes.append({name: with_names(rows, renamed)})

    def _recursive(
        self, name: str, union: exp.SetOperation, renamed: Sequence[str], parent: Scope | None
    ) -> Rows:
        """The first part's columns flow into the second's until nothing new flows."""
        rows = with_names(self.rows(union.this, parent), renamed)
        rows = Rows(tuple(Col(column.name, column.edges) for column in rows.columns), rows.edges)
        while True:
            self._ctes.append({name: rows})
            more = self.rows(union.expression, parent)
            self._ctes.pop()
            together = Rows(
                tuple(
                    Col(a.name, a.edges | b.edges) for a, b in zip(rows.columns, more.columns, strict=True)
                ),
                rows.edges | more.edges,
            )
            if together == rows:
                return rows
            rows = together

    def _select(self, select: exp.Select, parent: Scope | None) -> Rows:
        scope = Scope(parent)
        decides = set[Edges]()
        if (clause := select.args.get("from_")) is not None:
            self._relations.read(clause.this, scope, decides)
        self._relations.join_all(select.args.get("joins") or (), scope, decides)
        for lateral in select.args.get("laterals") or ():
            self._relations.read(lateral, scope, decides)
        where = select.args.get("where")
        assume(where and where.this, scope)
        self._windows(select, scope)
        columns = list(self._projections(select, scope))
        decides.update(self._expressions.edges(each, scope, FILTER) for each in _unnested(select))
        for clause_name, kind in _DECIDING:
            if (part := select.args.get(clause_name)) is not None:
                decides.add(self._clause(part, scope, kind, columns))
                if kind == GROUP_BY and part.args.get("all"):
                    decides.add(self._all_keys(select, scope))
        return Rows(tuple(columns), NONE.union(*decides))

    def _clause(self, part: exp.Expr, scope: Scope, kind: int, columns: Sequence[Col]) -> Edges:
        """Numbers and ALL in GROUP BY and ORDER BY mean projections."""
        found: set[Edges] = set()
        for item in part.expressions if kind in (GROUP_BY, SORT) else [part]:
            inner = item.this if isinstance(item, exp.Ordered) else item
            if isinstance(inner, exp.Literal) and inner.is_int:
                found.add(through(kind, columns[int(inner.name) - 1].edges))
            elif isinstance(inner, exp.Var):
                found.update(through(kind, column.edges) for column in columns)
            else:
                found.add(self._expressions.edges(inner, scope, kind, aliases_first=kind == SORT))
        return NONE.union(*found)

    def _all_keys(self, select: exp.Select, scope: Scope) -> Edges:
        """GROUP BY ALL groups by every projection without an aggregate in it."""
        keys = [each for each in select.expressions if is_star(each) or not _aggregates(each)]
        found: set[Edges] = set()
        for each in keys:
            if is_star(each):
                found.update(column.edges for column in expanded(each, scope, self._expressions))
            else:
                found.add(self._projection(each, scope, grouped=True).edges)
        return NONE.union(*(through(GROUP_BY, edges) for edges in found))

    def _windows(self, select: exp.Select, scope: Scope) -> None:
        for window in select.args.get("windows") or ():
            parts = [*(window.args.get("partition_by") or ()), window.args.get("order")]
            edges = NONE.union(*(self._expressions.edges(part, scope, WINDOW) for part in parts if part))
            scope.windows[window.this.name.lower()] = edges

    def _projections(self, select: exp.Select, scope: Scope) -> Iterator[Col]:
        group = select.args.get("group")
        subtotals = group is not None and any(isinstance(each, _SETS) for each in group.expressions)
        grouped = _has_keys(select)
        for projection in select.expressions:
            if is_star(projection):
                yield from expanded(projection, scope, self._expressions)
                continue
            column = self._projection(projection, scope, grouped=grouped)
            if subtotals:  # where a key is left out of the grouping it is NULL
                column = Col(column.name, column.edges)
            if column.name is not None:
                scope.aliases.setdefault(column.name.lower(), column)
            yield column

    def _projection(self, projection: exp.Expr, scope: Scope, *, grouped: bool) -> Col:
        return Col(
            _name(projection),
            self._expressions.edges(projection, scope),
            never_null(projection, scope, grouped=grouped),
        )

    def _set_operation(self, union: exp.SetOperation, parent: Scope | None) -> Rows:
        left, right = self.rows(union.this, parent), self.rows(union.expression, parent)
        rows = by_name(left, right) if union.args.get("by_name") else by_position(left, right)
        if not isinstance(union, exp.Union):  # what the second part has decides which rows stay
            decides = (through(FILTER, column.edges) for column in right.columns)
            rows = Rows(left.columns, left.edges.union(right.edges, *decides))
        return self._ordered(union, rows, parent)

    def _ordered(self, query: exp.Expr, rows: Rows, parent: Scope | None) -> Rows:
        scope = Scope(parent, [Source("", rows.columns)])
        decides = rows.edges
        for clause_name in ("order", "limit", "offset"):
            if (part := query.args.get(clause_name)) is not None:
                decides |= self._clause(part, scope, SORT, rows.columns)
        return Rows(rows.columns, decides)

    def _values(self, values: exp.Values, parent: Scope | None) -> Rows:
        scope = Scope(parent)
        columns: list[Col] = []
        for row in values.expressions:
            cells = row.expressions if isinstance(row, exp.Tuple) else [row]
            here = [
                Col(
                    f"col{position}",
                    self._expressions.edges(cell, scope),
                    never_null(cell, scope, grouped=False),
                )
                for position, cell in enumerate(cells)
            ]
            columns = [both(*pair) for pair in zip(columns, here, strict=True)] if columns else here
        return Rows(tuple(columns))


def _name(projection: exp.Expr) -> str | None:
    """The name a projection gets where it is plain; others are named by the engine."""
    if isinstance(projection, exp.Alias | exp.Column):
        name: str = projection.alias_or_name
        return name
    return projection.expression.name if isinstance(projection, exp.Dot) else None


def _union_in(query: exp.Expr) -> exp.SetOperation | None:
    while isinstance(query, exp.Subquery):
        query = query.this
    return query if isinstance(query, exp.SetOperation) else None


def _unnested(select: exp.Select) -> Iterator[exp.Expr]:
    """The calls among its projections that make none or many rows of one."""
    for projection in select.expressions:
        for part in projection.walk(prune=lambda part: isinstance(part, exp.Query)):
            if isinstance(part, exp.Explode) or part.name.lower() == "generate_subscripts":
                yield part


def _has_keys(select: exp.Select) -> bool:
    """Whether it groups by something: without a key there is one group, also over no rows."""
    group = select.args.get("group")
    if group is None:
        return False
    if group.args.get("all"):  # constants are no keys there
        return any(
            is_star(each) or _has(each, exp.Column) for each in select.expressions if not _aggregates(each)
        )
    return any(not isinstance(each, exp.Tuple) or each.expressions for each in group.expressions)


def _aggregates(projection: exp.Expr) -> bool:
    """Whether the projection has an aggregate of its own, not a window's and not a subquery's."""
    return _has(projection, exp.AggFunc)


def _has(projection: exp.Expr, kind: type[exp.Expr]) -> bool:
    inside = projection.walk(prune=lambda part: isinstance(part, exp.Window | exp.Query))
    return any(isinstance(part, kind) for part in inside)


_SETS = (exp.GroupingSets, exp.Cube, exp.Rollup)
_DECIDING = (
    ("where", FILTER),
    ("group", GROUP_BY),
    ("having", FILTER),
    ("qualify", FILTER),
    ("distinct", FILTER),
    ("order", SORT),
    ("limit", FILTER),
    ("offset", FILTER),
)
