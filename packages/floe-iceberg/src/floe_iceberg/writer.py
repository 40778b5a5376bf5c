"""Writes of one table each: every one is a run of its own, published at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from typing import TypedDict, Unpack

import duckdb

from floe_core.errors import Problem, SpecError
from floe_core.lake import MaintenancePolicy, RunIdentity, Written
from floe_iceberg.alter import Alteration
from floe_iceberg.compaction import COMPACTION_MODEL
from floe_iceberg.docs import Docs
from floe_iceberg.evolve import OnSchemaChange
from floe_iceberg.reader import TableReader
from floe_iceberg.refs import refuse_main
from floe_iceberg.run import RunTransaction
from floe_iceberg.schema import duckdb_type, iceberg_type
from floe_iceberg.sql import identifier
from floe_iceberg.table import TableId
from floe_iceberg.workshop import workshop
from floe_iceberg.writing import WriteMode


class WriteOptions(TypedDict, total=False):
    """What ``RunTransaction.write`` takes beside the query."""

    on_schema_change: OnSchemaChange
    properties: Mapping[str, str]
    docs: Docs
    partition_by: Sequence[str]
    sort_by: Sequence[str]


class TableWriter(TableReader):
    """``by`` is who writes: it stands in the snapshot, with the operation as the model.

    With ``branch`` a write goes on top of what is on that branch, and readers of main don't see it until
    ``publish``. ConflictError says that somebody else changed the table meanwhile, and that nothing was done.
    """

    def create(
        self,
        table: TableId,
        columns: Mapping[str, str],
        *,
        by: RunIdentity,
        branch: str | None = None,
        **options: Unpack[WriteOptions],
    ) -> Written:
        """Make an empty table; the types are DuckDB's. Raises SpecError when it is there."""
        if self.columns(table):
            hint = "evolve it, or overwrite it"
            raise SpecError(Problem("FLOE-E445", f"there is a table '{table}' already", hint=hint))
        nothing = ", ".join(
            f"NULL::{duckdb_type(iceberg_type(kind, column=name))} AS {identifier(name)}"
            for name, kind in columns.items()
        )
        with closing(duckdb.connect()) as con:
            sql = f"SELECT {nothing} WHERE false"
            return self._write("floe.create", con, table, sql, "overwrite", by, branch, options)

    def append(
        self,
        con: duckdb.DuckDBPyConnection,
        table: TableId,
        sql: str,
        *,
        by: RunIdentity,
        branch: str | None = None,
        **options: Unpack[WriteOptions],
    ) -> Written:
        """Add the query's rows; a table that is not there is made."""
        return self._write("floe.append", con, table, sql, "append", by, branch, options)

    def overwrite(
        self,
        con: duckdb.DuckDBPyConnection,
        table: TableId,
        sql: str,
        *,
        by: RunIdentity,
        branch: str | None = None,
        **options: Unpack[WriteOptions],
    ) -> Written:
        """Let the query's rows and columns be the table's; a table that is not there is made."""
        return self._write("floe.overwrite", con, table, sql, "overwrite", by, branch, options)

    def merge(
        self,
        con: duckdb.DuckDBPyConnection,
        table: TableId,
        sql: str,
        *,
        unique_key: Sequence[str],
        by: RunIdentity,
        branch: str | None = None,
        **options: Unpack[WriteOptions],
    ) -> Written:
        """Replace the rows with the query's keys, add the others; a table that is not there is made."""
        return self._write("floe.merge", con, table, sql, "merge", by, branch, options, unique_key)

    def delete(
        self,
        con: duckdb.DuckDBPyConnection,
        table: TableId,
        where: str,
        *,
        by: RunIdentity,
        branch: str | None = None,
    ) -> int:
        """Delete the rows the condition is true for, and count them; rows it is NULL for stay."""
        with self._short_run(by, branch) as run:
            return run.delete(con, table, where, model="floe.delete")

    def evolve(
        self,
        table: TableId,
        alteration: Alteration | None = None,
        *,
        by: RunIdentity,
        partition_by: Sequence[str] | None = None,
        sort_by: Sequence[str] | None = None,
        branch: str | None = None,
    ) -> Written:
        """Change the columns, and how rows are laid out from now on; no file is rewritten."""
        with self._short_run(by, branch) as run:
            return run.alter(
                table,
                alteration or Alteration(),
                model="floe.evolve",
                partition_by=partition_by,
                sort_by=sort_by,
            )

    def compact(
        self,
        table: TableId,
        *,
        by: RunIdentity,
        target_bytes: int = MaintenancePolicy.target_file_bytes,
        min_files: int = 2,
    ) -> int:
        """Make few files of small ones, and return how many went; no row changes."""
        with workshop() as con, self._short_run(by) as run:
            return run.compact(
                con, table, model=COMPACTION_MODEL, target_bytes=target_bytes, min_files=min_files
            )

    def publish(self, branch: str, *, by: RunIdentity) -> list[TableId]:
        """Make what is on the branch what readers see, in all tables that have it or in none.

        The branch is one's own or that of a run nobody has published (``branch_of``); it is gone then.
        """
        refuse_main(branch)
        run = RunTransaction(self, by, branch=branch)
        for table in self.with_branch(branch):
            run.view(table)
        return run.publish()

    def roll_back(
        self, tables: Sequence[TableId], to: datetime | int | str, *, by: RunIdentity
    ) -> list[Written]:
        """Make the tables what they were at a time, at a tag, or one at a snapshot: all or none.

        Nothing is lost by it: the state that is left stays in the history and can be gone back to.
        """
        with self._short_run(by) as run:
            return [run.roll_back(table, to, model="floe.roll-back") for table in tables]

    def _write(
        self,
        model: str,
        con: duckdb.DuckDBPyConnection,
        table: TableId,
        sql: str,
        mode: WriteMode,
        by: RunIdentity,
        branch: str | None,
        options: WriteOptions,
        unique_key: Sequence[str] = (),
    ) -> Written:
        with self._short_run(by, branch) as run:
            return run.write(con, table, sql, model=model, mode=mode, unique_key=unique_key, **options)

    @contextmanager
    def _short_run(self, by: RunIdentity, branch: str | None = None) -> Iterator[RunTransaction]:
        if branch is not None:
            refuse_main(branch)
        run = RunTransaction(self, by, branch=branch)
        yield run
        if branch is None:
            run.publish()
