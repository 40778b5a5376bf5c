"""Which expressions can never be NULL, as far as their form shows it: 'no' may also mean 'not known'."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from floe_compute_duckdb.lineage.scope import Scope, Unresolved

_NEVER = (
    *(exp.Boolean, exp.Count, exp.CountIf, exp.Is, exp.Exists, exp.NullSafeEQ, exp.NullSafeNEQ),
    *(exp.CurrentDate, exp.CurrentTimestamp),
)
_NEVER_AS_WINDOW = (exp.RowNumber, exp.Rank, exp.DenseRank, exp.PercentRank, exp.CumeDist, exp.Ntile)
# NULL only where a part is; division and modulo by zero give NULL, casts may
_STRICT = (
    *(exp.Paren, exp.Alias, exp.Neg, exp.Not, exp.And, exp.Or),
    *(exp.Add, exp.Sub, exp.Mul, exp.DPipe),
    *(exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE),
    *(exp.Between, exp.Like, exp.ILike),
    *(exp.Lower, exp.Upper, exp.Trim, exp.Abs, exp.Length),
)
_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Like, exp.ILike, exp.Between)
_OF_A_GROUP = (exp.Sum, exp.Min, exp.Max, exp.Avg, exp.AnyValue, exp.ArrayAgg)
_LOSSLESS = {
    *(exp.DType.TINYINT, exp.DType.SMALLINT, exp.DType.INT, exp.DType.BIGINT, exp.DType.INT128),
    *(exp.DType.FLOAT, exp.DType.DOUBLE, exp.DType.DECIMAL, exp.DType.TEXT, exp.DType.VARCHAR),
    *(exp.DType.DATE, exp.DType.TIMESTAMP, exp.DType.TIMESTAMPTZ, exp.DType.BOOLEAN),
}


def never_null(node: exp.Expr, scope: Scope, *, grouped: bool) -> bool:
    """Whether no row can have NULL here; ``grouped`` if every group has a row, so not for a bare sum."""
    if isinstance(node, exp.Column):
        return _column(node, scope)
    if isinstance(node, (exp.Literal, *_NEVER)):
        return True
    if isinstance(node, exp.Coalesce):
        return any(never_null(part, scope, grouped=grouped) for part in (node.this, *node.expressions))
    if isinstance(node, exp.Case):
        return _case(node, scope, grouped)
    if isinstance(node, exp.Window):
        return isinstance(node.this, (*_NEVER_AS_WINDOW, exp.Count))
    if isinstance(node, exp.Cast) and not isinstance(node, exp.TryCast):
        return node.to.this in _LOSSLESS and never_null(node.this, scope, grouped=grouped)
    if isinstance(node, _OF_A_GROUP):
        return grouped and never_null(node.this, scope, grouped=grouped)
    if isinstance(node, _STRICT):
        parts = list(_parts(node))
        return bool(parts) and all(never_null(part, scope, grouped=grouped) for part in parts)
    return False


def assume(condition: exp.Expr | None, scope: Scope) -> None:
    """Every row that is left has passed ``condition``: the columns it compares are not NULL."""
    for part in _conjuncts(condition):
        if isinstance(part, exp.Not) and _is_null(part.this):
            compared: list[exp.Expr | None] = [part.this.this]
        elif isinstance(part.args.get("expression"), exp.All):  # true over nothing, also for NULL
            continue
        elif isinstance(part, _COMPARISONS):
            compared = [part.this, part.args.get("expression")]
        elif isinstance(part, exp.In) and not isinstance(part.parent, exp.Not):
            compared = [part.this]
        else:
            continue
        for side in compared:
            if isinstance(side, exp.Column):
                scope.assert_not_null([each.name for each in side.parts])


def _column(node: exp.Column, scope: Scope) -> bool:
    if isinstance(node.this, exp.Star):
        return False
    try:
        column, into_fields = scope.column([part.name for part in node.parts])
    except Unresolved:
        return False
    return column.not_null and not into_fields


def _case(node: exp.Case, scope: Scope, grouped: bool) -> bool:
    results = [branch.args["true"] for branch in node.args["ifs"]]
    default = node.args.get("default")
    return default is not None and all(
        never_null(part, scope, grouped=grouped) for part in (*results, default)
    )


def _parts(node: exp.Expr) -> Iterator[exp.Expr]:
    for value in node.args.values():
        for part in value if isinstance(value, list) else (value,):
            if isinstance(part, exp.Expr) and not isinstance(part, exp.Identifier):
                yield part


def _conjuncts(condition: exp.Expr | None) -> Iterator[exp.Expr]:
    if isinstance(condition, exp.And):
        yield from _conjuncts(condition.left)
        yield from _conjuncts(condition.right)
    elif isinstance(condition, exp.Paren):
        yield from _conjuncts(condition.this)
    elif condition is not None:
        yield condition


def _is_null(node: exp.Expr) -> bool:
    return isinstance(node, exp.Is) and isinstance(node.expression, exp.Null)
