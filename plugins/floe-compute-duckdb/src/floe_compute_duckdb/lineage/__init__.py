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

from floe_compute_duckdb.lineage.edges import IDENTITY, Edge, Edges, inputs, without
from floe_compute_duckdb.lineage.queries import Queries
from floe_compute_duckdb.lineage.scope import Col, Rows, Unresolved
from floe_core.plugins.compute import Column, Lineage

__all__ = ["Found", "KnownTables"]

logging.getLogger("sqlglot").setLevel(logging.ERROR)  # it warns of statements it cannot take apart


@dataclass(frozen=True)
class Found:
    """The lineage of a query, and which of its columns are never NULL."""

    lineage: Lineage
    not_null: frozenset[str]


class KnownTables:
    """The relations queries may read; ``home`` is where names without a schema are looked up."""

    def __init__(self, home: tuple[str, str]) -> None:
        self._home = tuple(part.lower() for part in home)
        self._tables: dict[tuple[str, ...], Sequence[Col]] = {}
        self._dialect = sqlglot.Dialect.get_or_raise("duckdb")

    def add(
        self, unique_id: str, path: tuple[str, str, str], columns: Iterable[Column], not_null: frozenset[str]
    ) -> None:
        """Take a relation in, under its name and the shorter forms of it."""
        found = tuple(
            Col(column.name, frozenset([Edge(unique_id, column.name, IDENTITY)]), column.name in not_null)
            for column in columns
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
        return _found(rows, columns, queries.named)


def _found(rows: Rows, columns: Sequence[Column], named: Edges) -> Found | None:
    if len(rows.columns) != len(columns):
        return None
    for seen, column in zip(rows.columns, columns, strict=True):
        if seen.name is not None and seen.name.lower() != column.name.lower():
            return None
    lineage = Lineage(
        columns=tuple(inputs(column.edges) for column in rows.columns),
        rows=inputs(rows.edges),
        others=without(named, [rows.edges, *(column.edges for column in rows.columns)]),
    )
    pairs = zip(rows.columns, columns, strict=True)
    return Found(lineage, frozenset(column.name for seen, column in pairs if seen.not_null))
