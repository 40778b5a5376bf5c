"""The FROM clause of a SELECT: what it reads, and what its joins decide."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from sqlglot import exp

from floe_compute_duckdb.lineage.combining import merge_using, with_names
from floe_compute_duckdb.lineage.edges import JOIN, NONE, TRANSFORMATION, Edges, through
from floe_compute_duckdb.lineage.expressions import Expressions
from floe_compute_duckdb.lineage.nulls import assume
from floe_compute_duckdb.lineage.scope import Col, Rows, Scope, Source, Unresolved


class Table(NamedTuple):
    """A relation that queries may read."""

    unique_id: str
    columns: Sequence[Col]


Tables = Mapping[tuple[str, ...], Table]
"""Each relation by its name as (catalog, schema, table) and its shorter forms, lower case."""

Ctes = Mapping[str, Rows]
Subquery = Callable[[exp.Expr, Scope | None], Rows]


class Relations:
    """Brings relations into the scope of a SELECT; ``ctes`` are those in sight, the innermost last."""

    def __init__(
        self, tables: Tables, ctes: Sequence[Ctes], expressions: Expressions, subquery: Subquery
    ) -> None:
        self._tables = tables
        self._ctes = ctes
        self._expressions = expressions
        self._rows = subquery
        self._reads: set[str] = set()
        self._reads_else = False

    @property
    def reads(self) -> tuple[str, ...] | None:
        """The unique ids of the relations read, None if a file or something else is read besides."""
        return None if self._reads_else else tuple(sorted(self._reads))

    def read(self, item: exp.Expr, scope: Scope, decides: set[Edges]) -> None:
        """Add one relation of a FROM clause, and what is joined to it inside parentheses."""
        if item.args.get("pivots"):
            raise Unresolved("pivot")
        alias = item.args.get("alias")
        first = len(scope.sources)
        if _is_from_list(item) and alias is None:
            self.read(item.this, scope, decides)
        else:
            rows = self._relation(item, scope)
            renamed = [each.name for each in alias.args.get("columns") or ()] if alias else []
            decides.add(rows.edges if rows else NONE)
            columns = with_names(rows, renamed).columns if rows else ()
            scope.sources.append(Source(item.alias_or_name or "", columns, opaque=rows is None))
        self.join_all(item.args.get("joins") or (), scope, decides, since=first)

    def _relation(self, item: exp.Expr, scope: Scope) -> Rows | None:
        """What the relation gives; None where only the engine knows its columns."""
        if isinstance(item, exp.Table):
            return self._table(item, scope)
        if _is_from_list(item):
            inner = Scope(scope)
            decides = set[Edges]()
            self.read(item.this, inner, decides)
            return Rows(tuple(col for _, col in inner.visible()), NONE.union(*decides))
        if isinstance(item, exp.Lateral):
            return self._relation(item.this, scope)
        if isinstance(item, exp.Subquery | exp.Values | exp.Select):
            return self._rows(item, scope)
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
        """A table function: what it is given decides its rows and is in its columns, if those are named."""
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
        return Rows(tuple(Col(name, edges) for name in names), through(JOIN, edges)) if names else None

    def join_all(
        self, joins: Sequence[exp.Join], scope: Scope, decides: set[Edges], *, since: int = 0
    ) -> None:
        """Add what is joined to the relations of the scope from the place ``since`` on."""
        for join in joins:
            if _is_comma(join):  # it binds less than JOIN: what follows is joined to its right side
                since = len(scope.sources)
                self.read(join.this, scope, decides)
            else:
                self._join(join, scope, decides, since)

    def _join(self, join: exp.Join, scope: Scope, decides: set[Edges], since: int) -> None:
        before, merged = scope.sources[since:], dict(scope.merged)
        end = len(scope.sources)
        self.read(join.this, scope, decides)
        added = scope.sources[end:]
        using = [each.name for each in join.args.get("using") or ()]
        if join.method == "NATURAL":
            using = [key for source in before for key in source.columns if key in added[0].columns]
        condition = join.args.get("on")
        decides.add(self._expressions.edges(condition, scope, JOIN))
        if not join.side and join.kind != "ANTI":
            assume(condition, scope)
        if join.side in ("RIGHT", "FULL") or join.method == "POSITIONAL":
            scope.make_nullable(before, merged)
        if join.side in ("LEFT", "FULL") or join.method == "POSITIONAL":
            scope.make_nullable(added, scope.merged.keys() - merged)
        for key in dict.fromkeys(name.lower() for name in using):
            merge_using(key, join.side or join.kind, before, added[0], scope, decides)
        if join.kind in ("SEMI", "ANTI"):
            del scope.sources[end:]


def _is_from_list(item: exp.Expr) -> bool:
    """Whether relations stand in the parentheses, and not a query."""
    if not isinstance(item, exp.Subquery):
        return False
    first = item.this
    return isinstance(first, exp.Table) or (
        isinstance(first, exp.Subquery) and bool(first.args.get("alias") or first.args.get("joins"))
    )


def _is_comma(join: exp.Join) -> bool:
    return not any(join.args.get(part) for part in ("kind", "side", "method", "on", "using"))
