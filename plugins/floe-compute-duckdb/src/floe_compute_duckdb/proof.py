"""The proof: DuckDB binds every query over empty tables that have the types the lake will give them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import duckdb

from floe_compute_duckdb.lineage import KnownTables
from floe_compute_duckdb.names import literal, quoted
from floe_compute_duckdb.session import load_extensions, settle
from floe_core.errors import SpecError
from floe_core.plugins.compute import BindError, Column, Lineage, Proof, Relation
from floe_iceberg import duckdb_type, iceberg_type

_MODEL = ("describe (\n", "\n)")
_TEST = ("describe select count(*) as failures from (\n", "\n) dbt_internal_test")  # what dbt makes of it


def prove(
    relations: Sequence[Relation], working_dir: Path, extensions: Sequence[str] = ()
) -> Mapping[str, Proof]:
    """Bind each relation over the ones before it.

    A relation becomes an empty table, not a view: a chain of views is bound again from its start by
    each reader, and a table can have the types that a value has once it went through the lake.
    """
    with duckdb.connect(":memory:") as connection:
        database = _Database(connection, relations, working_dir, extensions)
        proofs: dict[str, Proof] = {}
        for relation in relations:
            proofs[relation.unique_id] = database.prove(relation, proofs)
        return proofs


class _Database:
    """Empty tables, in databases and schemas named as in the lake."""

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
        connection.execute(f"set file_search_path = {literal(str(working_dir))}")
        load_extensions(connection, extensions)
        tables = [relation for relation in relations if not _deferred(relation)]
        for database in sorted({relation.database for relation in tables}):
            connection.execute(f"attach ':memory:' as {quoted(database)}")
        for database, schema in sorted({(relation.database, relation.schema) for relation in tables}):
            connection.execute(f"create schema if not exists {quoted(database)}.{quoted(schema)}")
        home = _home(tables)
        if tables:
            connection.execute(f"use {quoted(home[0])}.{quoted(home[1])}")
        self._known = KnownTables(home)
        self._tables: dict[str, Relation] = {}

    def prove(self, relation: Relation, proofs: Mapping[str, Proof]) -> Proof:
        if _deferred(relation):
            return Proof()
        test = relation.unique_id.startswith("test.")
        before, after = _TEST if test else _MODEL
        try:
            if relation.columns is not None:
                columns = _stored(tuple((column.name, column.type) for column in relation.columns))
            else:
                columns = _stored(self._describe(f"{before}{relation.sql}{after}"))
            self._make_table(relation, columns)
        except duckdb.Error as error:
            return self._failed(relation, proofs, _bind_error(str(error), relation.sql or "", len(before)))
        except SpecError as error:
            problem = error.problems[0]
            hint = f"\n{problem.hint}" if problem.hint else ""
            return self._failed(relation, proofs, BindError(problem.message + hint))
        if test:
            return Proof(columns)
        proof = (
            self._traced(relation, columns)
            if relation.sql
            else Proof(columns, not_null=_named(relation, columns))
        )
        self._tables[relation.unique_id] = replace(relation, columns=columns)
        path = (relation.database, relation.schema, relation.name)
        self._known.add(relation.unique_id, path, columns, proof.not_null)
        return proof

    def _traced(self, relation: Relation, columns: tuple[Column, ...]) -> Proof:
        """The columns with where they come from: as the text shows it, else as far as trying shows it."""
        assert relation.sql is not None
        declared = _named(relation, columns)
        if found := self._known.lineage(relation.sql, columns):
            return Proof(columns, not_null=declared | found.not_null, lineage=found.lineage)
        return Proof(columns, not_null=declared, lineage=Lineage(None, others=self._tried(relation)))

    def _tried(self, relation: Relation) -> tuple[tuple[str, str], ...]:
        """The columns without which the query does not bind, or gives others."""
        statement = f"{_MODEL[0]}{relation.sql}{_MODEL[1]}"
        whole = self._describe(statement)
        needed = []
        for table in (self._tables[id_] for id_ in relation.depends_on if id_ in self._tables):
            assert table.columns is not None
            for column in table.columns:
                rest = [other for other in table.columns if other != column]
                self._make_table(table, rest or [Column("\0", "INTEGER")])
                try:
                    read = self._describe(statement) != whole
                except duckdb.Error:
                    read = True
                if read:
                    needed.append((table.unique_id, column.name))
            self._make_table(table, table.columns)
        return tuple(sorted(needed))

    def _describe(self, statement: str) -> tuple[tuple[str, str], ...]:
        rows = self._connection.execute(statement).fetchall()
        return tuple((str(name), str(type_)) for name, type_, *_ in rows)

    def _make_table(self, relation: Relation, columns: Sequence[Column]) -> None:
        name = ".".join(quoted(part) for part in (relation.database, relation.schema, relation.name))
        typed = ", ".join(f"{quoted(column.name)} {column.type}" for column in columns)
        self._connection.execute(f"create or replace table {name} ({typed})")

    def _failed(self, relation: Relation, proofs: Mapping[str, Proof], error: BindError) -> Proof:
        """An error, unless something it reads is not proven either: that is said there."""
        upstream = (proofs.get(unique_id) for unique_id in relation.depends_on)
        if any(proof is not None and proof.columns is None for proof in upstream):
            return Proof()
        return Proof(error=error)


def _home(tables: Sequence[Relation]) -> tuple[str, str]:
    """Where names without a schema are looked up: the product's other schemas are its name and more."""
    own = [relation for relation in tables if not relation.unique_id.startswith("source.")]
    home = min(own or tables, key=lambda table: (len(table.schema), table.schema), default=None)
    return (home.database, home.schema) if home else ("", "")


def _named(relation: Relation, columns: Sequence[Column]) -> frozenset[str]:
    """The columns that are declared to be without NULL, as the engine spells them."""
    declared = {name.casefold() for name in relation.not_null}
    return frozenset(column.name for column in columns if column.name.casefold() in declared)


def _deferred(relation: Relation) -> bool:
    return relation.sql is None and relation.columns is None


def _stored(columns: Sequence[tuple[str, str]]) -> tuple[Column, ...]:
    """The columns as the lake gives them back: the HUGEINT of a ``sum`` comes out as DECIMAL(38,0)."""
    seen: dict[str, str] = {}
    for name, _ in columns:
        if name.lower() in seen:
            raise duckdb.BinderException(f"column '{name}' is there twice: give one of them another name")
        seen[name.lower()] = name
    return tuple(Column(name, _stored_type(type_, name)) for name, type_ in columns)


@lru_cache(maxsize=4096)
def _stored_type(type_: str, column: str) -> str:
    return duckdb_type(iceberg_type(type_, column=column))


def _bind_error(text: str, sql: str, start: int) -> BindError:
    """DuckDB's message and position: the engine tells it as an offset into the wrapped statement."""
    _, _, document = text.partition(": {")
    if not document:
        return BindError(text)
    try:
        told = json.loads("{" + document)
    except ValueError:
        return BindError(text)
    message = str(told.get("exception_message", text))
    offset = int(told.get("position", start)) - start
    before = sql.encode()[: max(offset, 0)].decode(errors="ignore")
    return BindError(message, before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)
