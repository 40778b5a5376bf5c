"""``*``, ``t.*`` and ``COLUMNS(...)``: one projection that is many columns."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqlglot import exp

from floe_compute_duckdb.lineage.edges import IDENTITY, TRANSFORMATION, through
from floe_compute_duckdb.lineage.expressions import Expressions
from floe_compute_duckdb.lineage.scope import Col, Scope, Unresolved


def is_star(projection: exp.Expr) -> bool:
    """Whether it stands for any number of columns."""
    return (
        isinstance(projection, exp.Star)
        or (isinstance(projection, exp.Column) and isinstance(projection.this, exp.Star))
        or projection.find(exp.Columns) is not None
    )


def expanded(projection: exp.Expr, scope: Scope, expressions: Expressions) -> Iterator[Col]:
    """The columns it stands for; raises Unresolved where only the engine can tell."""
    if isinstance(projection, exp.Column):
        source = scope.source(projection.table)
        if source is None:  # the fields of a struct
            raise Unresolved(projection.table)
        yield from _changed(projection.this, scope.visible_in(source, qualified=True), scope, expressions)
    elif isinstance(projection, exp.Star):
        yield from _changed(projection, scope.visible(), scope, expressions)
    else:
        yield from _matching(projection, scope)


def _changed(
    star: exp.Star, columns: Iterator[tuple[str, Col]], scope: Scope, expressions: Expressions
) -> Iterator[Col]:
    """EXCLUDE, REPLACE and RENAME."""
    left_out = {each.name.lower() for each in star.args.get("except_") or ()}
    replaced = {each.alias.lower(): each.this for each in star.args.get("replace") or ()}
    renamed = {each.this.name.lower(): each.alias for each in star.args.get("rename") or ()}
    for name in (*left_out, *renamed):
        expressions.name([name], scope)
    for key, column in columns:
        if key in left_out:
            continue
        if key in replaced:
            yield Col(column.name, expressions.edges(replaced[key], scope))
        else:
            yield column.named(renamed.get(key, column.name))


def _matching(projection: exp.Expr, scope: Scope) -> Iterator[Col]:
    """``COLUMNS(*)`` and ``COLUMNS('regex')``, bare or in a function of one argument."""
    found = list(projection.find_all(exp.Columns))
    if len(found) != 1 or projection.find(exp.Column) is not None:
        raise Unresolved("COLUMNS")
    wanted = found[0].this
    bare = projection is found[0]
    if isinstance(wanted, exp.Literal):
        pattern = re.compile(wanted.name, re.IGNORECASE)
    elif isinstance(wanted, exp.Star) and not any(wanted.args.values()):
        pattern = re.compile("")
    else:
        raise Unresolved("COLUMNS")
    for key, column in scope.visible():
        if pattern.search(key):
            kind = IDENTITY if bare else TRANSFORMATION
            yield Col(column.name, through(kind, column.edges), column.not_null and bare)
