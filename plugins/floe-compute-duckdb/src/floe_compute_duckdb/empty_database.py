"""A database with the lake's tables in it, all empty: what binds here binds in a run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

import duckdb

from floe_compute_duckdb.names import literal, quoted
from floe_compute_duckdb.session import load_extensions, settle
from floe_core.errors import SpecError
from floe_core.plugins.compute import Column, Relation
from floe_iceberg import duckdb_type, iceberg_type


class EmptyDatabase:
    """Databases and schemas named as in the lake; a table is made when a query is the first to need it."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        relations: Sequence[Relation],
        working_dir: Path,
        extensions: Sequence[str],
    ) -> None:
        self._connection = connection
        settle(connection)
        connection.execute("set errors_as_json = true")
        connection.execute("set threads = 1")  # there are no rows: more of them only wait for each other
        connection.execute("pragma disable_optimizer")
        connection.execute(f"set file_search_path = {literal(str(working_dir))}")
        load_extensions(connection, extensions)
        self.home = _home(relations)
        for database in sorted({relation.database for relation in relations}):
            connection.execute(f"attach ':memory:' as {quoted(database)}")
        for database, schema in sorted({(relation.database, relation.schema) for relation in relations}):
            connection.execute(f"create schema if not exists {quoted(database)}.{quoted(schema)}")
        if relations:
            connection.execute(f"use {quoted(self.home[0])}.{quoted(self.home[1])}")
        self._waiting: dict[str, tuple[Relation, Sequence[Column]]] = {}
        self._columns: dict[str, tuple[Relation, Sequence[Column]]] = {}

    def add(self, relation: Relation, columns: Sequence[Column]) -> None:
        """A table from now on."""
        self._waiting[relation.unique_id] = self._columns[relation.unique_id] = (relation, columns)

    def describe(self, statement: str, reads: Iterable[str]) -> tuple[tuple[str, str], ...]:
        """Names and types of the columns; ``reads`` are the tables the statement is known to need.

        Raises duckdb.Error for what does not bind.
        """
        self._make(reads)
        try:
            return self._describe(statement)
        except duckdb.Error:
            if not self._waiting:
                raise
        self._make(tuple(self._waiting))  # it may name tables that nobody has said it reads
        return self._describe(statement)

    def needed(self, statement: str, reads: Iterable[str]) -> list[tuple[str, str]]:
        """The columns of ``reads`` without which the statement does not bind, or gives other columns."""
        whole = self.describe(statement, reads)
        found = []
        for unique_id in reads:
            relation, columns = self._columns.get(unique_id, (None, ()))
            for column in columns if relation else ():
                assert relation
                if self._without(relation, columns, column, statement) != whole:
                    found.append((unique_id, column.name))
        return sorted(found)

    def _without(
        self, relation: Relation, columns: Sequence[Column], left_out: Column, statement: str
    ) -> tuple[tuple[str, str], ...] | None:
        rest = [column for column in columns if column != left_out]
        self._create(relation, rest or [Column("floe_nothing", "INTEGER")])
        try:
            return self._describe(statement)
        except duckdb.Error:
            return None
        finally:
            self._create(relation, columns)

    def _make(self, unique_ids: Iterable[str]) -> None:
        for unique_id in unique_ids:
            if unique_id in self._waiting:
                self._create(*self._waiting.pop(unique_id))

    def _create(self, relation: Relation, columns: Sequence[Column]) -> None:
        name = ".".join(quoted(part) for part in (relation.database, relation.schema, relation.name))
        typed = ", ".join(f"{quoted(column.name)} {column.type}" for column in columns)
        self._connection.execute(f"create or replace table {name} ({typed})")

    def _describe(self, statement: str) -> tuple[tuple[str, str], ...]:
        rows = self._connection.execute(statement).fetchall()
        return tuple((str(name), str(type_)) for name, type_, *_ in rows)


def stored(columns: Sequence[tuple[str, str]]) -> tuple[Column, ...]:
    """The columns as the lake gives them back: the HUGEINT of a ``sum`` comes out as DECIMAL(38,0).

    Raises SpecError for types it cannot hold, duckdb.Error for two columns of one name.
    """
    return tuple(Column(column.name, _stored_type(column.type, column.name)) for column in queried(columns))


def queried(columns: Sequence[tuple[str, str]]) -> tuple[Column, ...]:
    """The columns as the engine computes them, for what is never stored; raises for two of one name."""
    seen: dict[str, str] = {}
    for name, _ in columns:
        if name.lower() in seen:
            raise duckdb.BinderException(f"column '{name}' is there twice: give one of them another name")
        seen[name.lower()] = name
    return tuple(Column(name, type_) for name, type_ in columns)


@lru_cache(maxsize=256)
def type_name(written: str) -> str | None:
    """The type as the lake gives it back, None for what is no type or cannot be stored."""
    try:
        with duckdb.connect(":memory:") as connection:
            rows = connection.execute(f"select typeof(cast(null as {written}))").fetchall()
        return _stored_type(str(rows[0][0]), "column")
    except (duckdb.Error, SpecError):
        return None


@lru_cache(maxsize=4096)
def _stored_type(type_: str, column: str) -> str:
    return duckdb_type(iceberg_type(type_, column=column))


def _home(relations: Sequence[Relation]) -> tuple[str, str]:
    """Where names without a schema are looked up: the product's other schemas are its name and more."""
    own = [relation for relation in relations if not relation.unique_id.startswith("source.")]
    home = min(own or relations, key=lambda table: (len(table.schema), table.schema), default=None)
    return (home.database, home.schema) if home else ("", "")
