"""The proof: DuckDB binds every query over empty tables that have the types the lake will give them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import duckdb

from floe_compute_duckdb.empty_database import EmptyDatabase, queried, stored
from floe_compute_duckdb.lineage import Found, KnownTables, together
from floe_compute_duckdb.names import mentioned_paths
from floe_core.errors import SpecError
from floe_core.plugins.compute import BindError, Column, Earlier, Lineage, Proof, Relation

_MODEL = ("describe (\n", "\n)")
_TEST = ("describe select count(*) as failures from (\n", "\n) dbt_internal_test")  # what dbt makes of it


def prove(
    relations: Sequence[Relation],
    working_dir: Path,
    extensions: Sequence[str] = (),
    earlier: Earlier = lambda _relation, _proofs: None,
) -> Mapping[str, Proof]:
    """Bind each relation over the ones before it, unless an earlier proof still holds.

    A relation becomes an empty table, not a view: a chain of views is bound again from its start by
    each reader, and a table can have the types that a value has once it went through the lake.
    """
    with duckdb.connect(":memory:") as connection:
        tables = [relation for relation in relations if not _is_deferred(relation)]
        prover = _Prover(EmptyDatabase(connection, tables, working_dir, extensions))
        proofs: dict[str, Proof] = {}
        for relation in relations:
            known = earlier(relation, proofs)
            proof = known or prover.prove(relation, proofs)
            prover.keep(relation, proof)
            proofs[relation.unique_id] = proof
        return proofs


class _Prover:
    def __init__(self, database: EmptyDatabase) -> None:
        self._database = database
        self._known = KnownTables(database.home)

    def keep(self, relation: Relation, proof: Proof) -> None:
        """Let others read the relation."""
        if proof.columns is None or _is_test(relation):
            return
        self._database.add(relation, proof.columns)
        path = (relation.database, relation.schema, relation.name)
        self._known.add(relation.unique_id, path, proof.columns, proof.not_null)

    def prove(self, relation: Relation, proofs: Mapping[str, Proof]) -> Proof:
        try:
            return self._prove(relation)
        except _Unbound as unbound:
            # an error, unless something it reads is not proven either: that is said there
            upstream = (proofs.get(unique_id) for unique_id in relation.depends_on)
            if any(proof is not None and proof.columns is None for proof in upstream):
                return Proof()
            return Proof(error=unbound.error)

    def _prove(self, relation: Relation) -> Proof:
        if relation.columns is not None:
            columns = _columns(tuple((column.name, column.type) for column in relation.columns))
            return Proof(columns, not_null=_declared(relation, columns), reads=())
        if relation.sql is None:
            return Proof()
        columns = self._bound(relation, relation.sql)
        if _is_test(relation):
            return Proof(columns, reads=self._known.mentioned(relation.sql, relation.depends_on))
        proof = self._traced(relation, relation.sql, columns)
        return self._proven_again(relation, proof) if relation.incremental_sql else proof

    def _bound(self, relation: Relation, sql: str) -> tuple[Column, ...]:
        before, after = _TEST if _is_test(relation) else _MODEL
        try:
            described = self._database.describe(f"{before}{sql}{after}", relation.depends_on)
            return stored(described) if relation.stored else queried(described)
        except duckdb.Error as error:
            raise _Unbound(_bind_error(str(error), sql, len(before))) from error
        except SpecError as error:
            raise _Unbound(_cannot_be_held(error)) from error

    def _traced(self, relation: Relation, sql: str, columns: tuple[Column, ...]) -> Proof:
        """The columns with where they come from: as the text shows it, else as far as trying shows it."""
        declared = _declared(relation, columns)
        if found := self._known.lineage(sql, columns):
            return _proof(columns, declared, found)
        needed = self._database.needed(f"{_MODEL[0]}{sql}{_MODEL[1]}", relation.depends_on)
        reads = self._known.mentioned(sql, relation.depends_on)
        return Proof(columns, not_null=declared, lineage=Lineage(None, others=tuple(needed)), reads=reads)

    def _proven_again(self, relation: Relation, first: Proof) -> Proof:
        """What a later run reads: it finds the table that the first one made, and adds to it."""
        assert relation.incremental_sql is not None
        assert first.columns is not None
        declared = _declared(relation, first.columns)
        self.keep(relation, replace(first, not_null=declared))
        itself = replace(relation, depends_on=(*relation.depends_on, relation.unique_id))
        try:
            columns = self._bound(itself, relation.incremental_sql)
        except _Unbound as unbound:
            raise _Unbound(replace(unbound.error, incremental=True)) from unbound
        given = {column.name.casefold() for column in columns}
        if missing := [each.name for each in first.columns if each.name.casefold() not in given]:
            raise _Unbound(BindError(f"it gives no column '{missing[0]}'", incremental=True))
        later = self._traced(itself, relation.incremental_sql, columns)
        return replace(
            first,
            not_null=declared | (first.not_null & later.not_null),
            lineage=together(relation.unique_id, first, later),
            reads=_united(first.reads, later.reads, without=relation.unique_id),
        )


class _Unbound(Exception):
    def __init__(self, error: BindError) -> None:
        super().__init__(error.message)
        self.error = error


def _proof(columns: tuple[Column, ...], declared: frozenset[str], found: Found) -> Proof:
    return Proof(columns, not_null=declared | found.not_null, lineage=found.lineage, reads=found.reads)


def _united(*reads: tuple[str, ...] | None, without: str) -> tuple[str, ...] | None:
    if any(each is None for each in reads):
        return None
    return tuple(sorted({unique_id for each in reads for unique_id in each or ()} - {without}))


def _is_test(relation: Relation) -> bool:
    return relation.unique_id.startswith("test.")


def _is_deferred(relation: Relation) -> bool:
    return relation.sql is None and relation.columns is None


def _declared(relation: Relation, columns: Sequence[Column]) -> frozenset[str]:
    """The columns that are declared to be without NULL, as the engine spells them."""
    declared = {name.casefold() for name in relation.not_null}
    return frozenset(column.name for column in columns if column.name.casefold() in declared)


def _columns(columns: Sequence[tuple[str, str]]) -> tuple[Column, ...]:
    try:
        return stored(columns)
    except duckdb.Error as error:
        raise _Unbound(_bind_error(str(error), "", 0)) from error
    except SpecError as error:
        raise _Unbound(_cannot_be_held(error)) from error


def _cannot_be_held(error: SpecError) -> BindError:
    problem = error.problems[0]
    return BindError(problem.message + (f"\n{problem.hint}" if problem.hint else ""))


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
    if offset > len(sql.encode()):  # at the parenthesis around it
        message = "its SQL ends where more has to follow" if mentioned_paths(sql) else "there is no SQL in it"
        before = sql.rstrip()
    return BindError(message, before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)
