"""Columns of two relations that become one: set operations and USING."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from floe_compute_duckdb.lineage.edges import JOIN, TRANSFORMATION, Edges, through
from floe_compute_duckdb.lineage.scope import Col, Rows, Scope, Source, Unresolved


def merge_using(
    key: str, how: str, before: Sequence[Source], added: Source, scope: Scope, decides: set[Edges]
) -> None:
    """USING makes one column of two: the first one's, or the one that is there in an outer join.

    ``how`` is the side or the kind of the join, as LEFT, FULL, SEMI; empty or INNER for a plain one.
    """
    first = next((source for source in before if key in source.columns and key not in source.hidden), None)
    if first is None or key not in added.columns:
        raise Unresolved(f"using ({key})")
    left, right = scope.merged.get(key) or first.columns[key], added.columns[key]
    decides.update((through(JOIN, left.edges), through(JOIN, right.edges)))
    kept = right if how == "RIGHT" else left
    if how == "FULL":
        kept = Col(left.name, through(TRANSFORMATION, left.edges | right.edges))
    equal = how in ("", "INNER", "SEMI")  # so that neither is NULL
    scope.merged[key] = Col(left.name, kept.edges, equal or kept.not_null)
    added.hidden.add(key)


def by_position(left: Rows, right: Rows) -> Rows:
    columns = tuple(both(a, b) for a, b in zip(left.columns, right.columns, strict=True))
    return Rows(columns, left.edges | right.edges)


def by_name(left: Rows, right: Rows) -> Rows:
    """UNION BY NAME: a column that one side lacks is NULL there."""
    others = {column.name.lower(): column for column in right.columns if column.name}
    columns = []
    for column in left.columns:
        twin = others.pop(column.name.lower(), None) if column.name else None
        columns.append(both(column, twin) if twin else Col(column.name, column.edges))
    columns += [Col(column.name, column.edges) for column in others.values()]
    return Rows(tuple(columns), left.edges | right.edges)


def both(a: Col, b: Col) -> Col:
    return Col(a.name, a.edges | b.edges, a.not_null and b.not_null)


def with_names(rows: Rows, names: Sequence[str]) -> Rows:
    if not names:
        return rows
    pairs = zip_longest(rows.columns, names[: len(rows.columns)])
    return Rows(tuple(column.named(name) if name else column for column, name in pairs), rows.edges)
