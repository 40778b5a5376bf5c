"""Queries inside out: what a SELECT, a set operation or a CTE gives its reader."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from sqlglot import exp

from floe_compute_duckdb.lineage.combining import both, by_name, by_position, merge_using, with_names
from floe_compute_duckdb.lineage.edges import (
    FILTER,
    GROUP_BY,
    JOIN,
    NONE,
    SORT,
    TRANSFORMATION,
    WINDOW,
    Edges,
    through,
)
from floe_compute_duckdb.lineage.expressions import Expressions
from floe_compute_duckdb.lineage.nulls import assume, never_null
from floe_compute_duckdb.lineage.scope import Col, Rows, Scope, Source, Unresolved
from floe_compute_duckdb.lineage.stars import expanded, is_star


class Table(NamedTuple):
    """A relation that queries may read."""

    unique_id: str
    columns: Sequence[Col]


Tables = Mapping[tuple[str, ...], Table]
"""Each relation by its name as (catalog, schema, table) and its shorter forms, lower case."""

Ctes = Mapping[str, Rows]


class Queries:
    """Answers for one statement over ``tables``."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._expressions = Expressions(self.rows)
        self._ctes: list[Ctes] = [{}]
        self._reads: set[str] = set()
        self._reads_else = False

    @property
    def reads(self) -> tuple[str, ...] | None:
        """The unique ids of the relations read, None if a file or something else is read besides."""
        return None if self._reads_else else tuple(sorted(self._reads))

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
            self._read(clause.this, scope, decides)
        for join in select.args.get("joins") or ():
            self._join(join, scope, decides)
        for lateral in select.args.get("laterals") or ():
            self._read(lateral, scope, decides)
        where = select.args.get("where")
        assume(where and where.this, scope)
        self._windows(select, scope)
        columns = list(self._projections(select, scope))
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
        for projection in select.expressions:
            if is_star(projection):
                yield from expanded(projection, scope, self._expressions)
                continue
            column = self._projection(projection, scope, grouped=group is not None)
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

    def _read(self, item: exp.Expr, scope: Scope, decides: set[Edges]) -> None:
        """Add one relation of a FROM clause, and what is joined to it inside parentheses."""
        if item.args.get("pivots"):
            raise Unresolved("pivot")
        alias = item.args.get("alias")
        if isinstance(item, exp.Subquery) and isinstance(item.this, exp.Table) and alias is None:
            self._read(item.this, scope, decides)
        else:
            rows = self._relation(item, scope)
            renamed = [each.name for each in alias.args.get("columns") or ()] if alias else []
            decides.add(rows.edges if rows else NONE)
            columns = with_names(rows, renamed).columns if rows else ()
            scope.sources.append(Source(item.alias_or_name or "", columns, opaque=rows is None))
        for join in item.args.get("joins") or ():
            self._join(join, scope, decides)

    def _relation(self, item: exp.Expr, scope: Scope) -> Rows | None:
        """What the relation gives; None where only the engine knows its columns."""
        if isinstance(item, exp.Table):
            return self._table(item, scope)
        if isinstance(item, exp.Subquery) and isinstance(item.this, exp.Table):
            inner = Scope(scope)
            decides = set[Edges]()
            self._read(item.this, inner, decides)
            return Rows(tuple(col for _, col in inner.visible()), NONE.union(*decides))
        if isinstance(item, exp.Lateral):
            return self._relation(item.this, scope)
        if isinstance(item, exp.Subquery | exp.Values | exp.Select):
            return self.rows(item, scope)
        if isinstance(item, exp.Unnest | exp.Func):
            return self._function(item, item, scope)
        raise Unresolved(type(item).__name__)

    def _table(self, table: exp.Table, scope: Scope) -> Rows | None:
        if not isinstance(table.this, exp.Identifier):
            return self._function(table, table.this, scope)
        name = tuple(part.name.lower() for part in table.parts)
        if len(name) == 1:
            for ctes in reversed(self._ctes):
                if name[0] in ctes:
                    return ctes[name[0]]
        found = self._tables.get(name)
        if found is None:
            self._reads_else = True
            return None
        self._reads.add(found.unique_id)
        return Rows(tuple(found.columns))

    def _function(self, item: exp.Expr, call: exp.Expr, scope: Scope) -> Rows | None:
        """A table function: what it is given is in each of its columns, if those are named here."""
        arguments = call.expressions if isinstance(call, exp.Unnest) else [call]
        edges = NONE.union(*(self._expressions.edges(each, scope, TRANSFORMATION) for each in arguments))
        alias = item.args.get("alias")
        names = [each.name for each in alias.args.get("columns") or ()] if alias else []
        if isinstance(call, exp.Unnest):
            names = names or ["unnest"]
        elif isinstance(call, exp.GenerateSeries):
            names = names or ["range" if call.args.get("is_end_exclusive") else "generate_series"]
        else:
            self._reads_else = True
        if not names and edges:
            raise Unresolved("the columns of a table function")
        return Rows(tuple(Col(name, edges) for name in names)) if names else None

    def _join(self, join: exp.Join, scope: Scope, decides: set[Edges]) -> None:
        before = list(scope.sources)
        self._read(join.this, scope, decides)
        added = scope.sources[len(before) :]
        using = [each.name for each in join.args.get("using") or ()]
        if join.method == "NATURAL":
            using = [key for source in before for key in source.columns if key in added[0].columns]
        condition = join.args.get("on")
        decides.add(self._expressions.edges(condition, scope, JOIN))
        if not join.side and join.method != "POSITIONAL":
            assume(condition, scope)
        for source in [*(before if join.side in ("RIGHT", "FULL") else ())]:
            source.make_nullable()
        for source in added if join.side in ("LEFT", "FULL") or join.method == "POSITIONAL" else ():
            source.make_nullable()
        for key in dict.fromkeys(name.lower() for name in using):
            merge_using(key, join.side, before, added[0], scope, decides)
        if join.kind in ("SEMI", "ANTI"):
            scope.sources = before


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


def _aggregates(projection: exp.Expr) -> bool:
    """Whether the projection has an aggregate of its own, not a window's and not a subquery's."""
    inside = projection.walk(prune=lambda part: isinstance(part, exp.Window | exp.Query))
    return any(isinstance(part, exp.AggFunc) for part in inside)


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
