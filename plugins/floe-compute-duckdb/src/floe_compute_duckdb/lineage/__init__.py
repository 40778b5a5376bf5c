"""Column lineage: which columns a query's columns are made of, and which decide its rows.

The engine has bound the query before: it says which columns there are and of which type. What is
found here has to agree with that, or counts as not known.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlglot
from sqlglot.errors import SqlglotError

from floe_compute_duckdb.lineage.edges import IDENTITY, KINDS, Edge, inputs, without
from floe_compute_duckdb.lineage.queries import Queries
from floe_compute_duckdb.lineage.relations import Table
from floe_compute_duckdb.lineage.scope import Col, Rows, Unresolved
from floe_compute_duckdb.names import mentioned_paths
from floe_core.plugins.compute import Column, ColumnInput, Lineage, Proof

__all__ = ["Found", "KnownTables", "together"]

logging.getLogger("sqlglot").setLevel(logging.ERROR)  # it warns of statements it cannot take apart


@dataclass(frozen=True)
class Found:
    """The lineage of a query, which of its columns are never NULL, and the relations it reads.

    ``reads`` is None where it reads something else besides, such as a file.
    """

    lineage: Lineage
    not_null: frozenset[str]
    reads: tuple[str, ...] | None


class KnownTables:
    """The relations queries may read; ``home`` is where names without a schema are looked up."""

    def __init__(self, home: tuple[str, str]) -> None:
        self._home = tuple(part.lower() for part in home)
        self._tables: dict[tuple[str, ...], Table] = {}
        self._dialect = sqlglot.Dialect.get_or_raise("duckdb")

    def add(
        self, unique_id: str, path: tuple[str, str, str], columns: Iterable[Column], not_null: frozenset[str]
    ) -> None:
        """Take a relation in, under its name and the shorter forms of it."""
        found = Table(
            unique_id,
            tuple(
                Col(column.name, frozenset([Edge(unique_id, column.name, IDENTITY)]), column.name in not_null)
                for column in columns
            ),
        )
        database, schema, name = (part.lower() for part in path)
        self._tables[(database, schema, name)] = self._tables[(schema, name)] = found
        if (database, schema) == self._home:
            self._tables[(name,)] = self._tables[(database, name)] = found

    def lineage(self, sql: str, columns: Sequence[Column]) -> Found | None:
        """Where ``columns``, which the engine has found, come from; None if that cannot be told."""
        try:
            statements = self._dialect.parse(sql)
            if len(statements) != 1 or statements[0] is None:
                return None
            queries = Queries(self._tables)
            rows = queries.rows(statements[0])
        except (SqlglotError, Unresolved, RecursionError):
            return None
        return _found(rows, columns, queries)

    def mentioned(self, sql: str, besides: Iterable[str]) -> tuple[str, ...]:
        """The relations whose names stand in the text, and those of ``besides``."""
        paths = (tuple(part.lower() for part in path) for path in mentioned_paths(sql))
        found = {self._tables[path].unique_id for path in paths if path in self._tables}
        return tuple(sorted({*found, *besides}))


def together(unique_id: str, first: Proof, later: Proof) -> Lineage:
    """The lineage of a table that two queries fill by turns, without what it reads of itself."""
    assert first.columns is not None
    assert first.lineage is not None
    assert later.columns is not None
    assert later.lineage is not None
    one, other = first.lineage, later.lineage
    rows = _united(unique_id, one.rows, other.rows)
    others = tuple(sorted({pair for pair in (*one.others, *other.others) if pair[0] != unique_id}))
    if one.columns is None or other.columns is None:
        return Lineage(None, rows, others)
    places = {column.name.casefold(): place for place, column in enumerate(later.columns)}
    columns = tuple(
        _united(unique_id, own, other.columns[places[column.name.casefold()]])
        for column, own in zip(first.columns, one.columns, strict=True)
    )
    return Lineage(columns, rows, others)


def _united(unique_id: str, *inputs: Iterable[ColumnInput]) -> tuple[ColumnInput, ...]:
    found = {each for several in inputs for each in several if each.relation != unique_id}
    return tuple(
        sorted(found, key=lambda each: (each.relation, each.column, KINDS.index(each.transformation)))
    )


def _found(rows: Rows, columns: Sequence[Column], queries: Queries) -> Found | None:
    if len(rows.columns) != len(columns):
        return None
    for seen, column in zip(rows.columns, columns, strict=True):
        if seen.name is not None and seen.name.lower() != column.name.lower():
            return None
    lineage = Lineage(
        columns=tuple(inputs(column.edges) for column in rows.columns),
        rows=inputs(rows.edges),
        others=without(queries.named, [rows.edges, *(column.edges for column in rows.columns)]),
    )
    pairs = zip(rows.columns, columns, strict=True)
    not_null = frozenset(column.name for seen, column in pairs if seen.not_null)
    return Found(lineage, not_null, queries.reads)
