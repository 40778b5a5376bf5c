"""The SQL catalog, in SQLite or PostgreSQL: rows that name metadata files, moved in one transaction."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from typing import Any

from pyiceberg.catalog.sql import IcebergTables, SqlCatalog
from pyiceberg.exceptions import NamespaceAlreadyExistsError, NoSuchNamespaceError, NoSuchTableError
from pyiceberg.io import FileIO
from pyiceberg.table import Table
from pyiceberg.table.locations import load_location_provider
from sqlalchemy import and_, delete, insert, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from floe_core.errors import FloeError, Problem, WorkError
from floe_iceberg import _pyiceberg
from floe_iceberg.catalog import (
    Home,
    Moved,
    TableCatalog,
    TableChange,
    UnknownOutcome,
    id_of,
)
from floe_iceberg.changed import changed, dated
from floe_iceberg.durable import cannot_store, storing
from floe_iceberg.sql_errors import asking, is_of_the_disk, reason, sqlite_file
from floe_iceberg.table import TableId, reading


class SqlTableCatalog(TableCatalog):
    iceberg: SqlCatalog

    def ensure_namespace(self, namespace: str) -> None:
        # an IntegrityError is somebody else making it between PyIceberg's look and its insert
        with self._asked(), suppress(NamespaceAlreadyExistsError, IntegrityError):
            self.iceberg.create_namespace(namespace)

    def namespaces(self) -> list[str]:
        with self._asked():
            return sorted(".".join(namespace) for namespace in self.iceberg.list_namespaces())

    def tables(self, namespace: str) -> list[TableId]:
        with self._asked(), suppress(NoSuchNamespaceError):
            return [TableId(namespace, name) for *_, name in self.iceberg.list_tables(namespace)]
        return []

    def load(self, name: TableId) -> Table | None:
        try:
            with self._asked(), reading(name, self.iceberg.properties.get("warehouse", "")):
                return self.iceberg.load_table(name)
        except NoSuchTableError:
            return None

    def place(self, name: TableId) -> tuple[str, FileIO]:
        with self._asked():
            location = _pyiceberg.default_location(self.iceberg, name.namespace, name.name)
        return location, _pyiceberg.catalog_io(self.iceberg, {}, location)

    def home(self, namespace: str) -> Home:
        location, io = self.place(TableId(namespace, "table"))
        return Home(location.rpartition("/")[0], io)

    def commit(self, changes: Sequence[TableChange]) -> list[Table]:
        """As told; a lost answer is looked up in the tables' metadata logs."""
        staged: list[Table] = []
        moved: list[TableId] = []
        moment_ms = max(time.time_ns() // 1_000_000, *(c.table.metadata.last_updated_ms for c in changes))
        try:
            for change in changes:
                staged.append(self._stage(change, moment_ms))
            moved = self._move_all([_move(*pair) for pair in zip(changes, staged, strict=True)])
        finally:
            if moved:
                _discard(staged)
        if moved:
            raise Moved(moved)
        return staged

    def drop(self, table: Table) -> bool:
        with self._asked(), Session(self.iceberg.engine) as session:
            at = IcebergTables.metadata_location == table.metadata_location
            result = session.execute(delete(IcebergTables).where(self._row(id_of(table)), at))
            session.commit()
            return bool(getattr(result, "rowcount", 0) == 1)

    def _stage(self, change: TableChange, moment_ms: int) -> Table:
        """Put the table's next metadata on disk under a name of its own; the catalog does not know it yet."""
        base = change.table
        metadata = dated(base.metadata, changed(base, change.updates), moment_ms)
        version = 0 if change.new else _pyiceberg.metadata_version(base.metadata_location) + 1
        provider = load_location_provider(metadata.location, metadata.properties)
        location = provider.new_table_metadata_file_location(version)
        io = _pyiceberg.catalog_io(self.iceberg, metadata.properties, metadata.location)
        with storing(metadata.location):
            _pyiceberg.write_metadata(self.iceberg, metadata, io, location)
        return self.described(change.name, metadata, location, io)

    def _move_all(self, moves: Sequence[_Move]) -> list[TableId]:
        """Point every table at its new metadata in one SQL transaction and return [].

        If some are not where they should be, nothing moves and they are returned.
        """
        try:
            with Session(self.iceberg.engine) as session:
                moved = [move.table for move in moves if not self._moved(session, move)]
                if not moved:
                    session.commit()
                return moved
        except SQLAlchemyError as error:
            if self._landed(moves, told=reason(error)):
                return []
            database = sqlite_file(self.iceberg.engine.url)
            if database and is_of_the_disk(error):
                raise cannot_store(str(database), reason(error)) from error
            raise WorkError(
                Problem(
                    "FLOE-E603",
                    f"the catalog '{self.name}' did not take the commit: {reason(error)}",
                    hint="nothing was changed; run again",
                )
            ) from error

    def _moved(self, session: Session, move: _Move) -> bool:
        if move.before is None:
            row = _pyiceberg.table_row(self.iceberg, move.table.namespace, move.table.name, move.after)
            try:
                session.execute(insert(IcebergTables).values(**row))
            except IntegrityError:
                session.rollback()
                return False
            return True
        result = session.execute(
            update(IcebergTables)
            .where(self._row(move.table), IcebergTables.metadata_location == move.before)
            .values(metadata_location=move.after, previous_metadata_location=move.before)
        )
        return bool(getattr(result, "rowcount", 0) == 1)

    def _landed(self, moves: Sequence[_Move], *, told: str) -> bool:
        """Whether the moves are part of the tables' history; others may have come after them."""
        try:
            return all(self._is_in_history(move) for move in moves)
        except FloeError as error:
            if self._will_be_undone(error):
                return False
            raise UnknownOutcome(
                Problem(
                    "FLOE-E604",
                    f"the catalog '{self.name}' went away during a commit, which may have landed or not: "
                    f"{told}; then {error.problems[0].message}",
                    hint="look at the tables once it is back: all of them moved, or none",
                )
            ) from error

    def _will_be_undone(self, error: FloeError) -> bool:
        """Whether SQLite's journal of the commit is still there: whoever opens the database next undoes it.

        A disk that takes no writes keeps us from opening it, and so from looking what it holds.
        """
        database = sqlite_file(self.iceberg.engine.url)
        if database is None or not is_of_the_disk(error.__cause__):
            return False
        with suppress(OSError), database.with_name(f"{database.name}-journal").open("rb") as journal:
            return journal.read(1) not in (b"", b"\0")  # what begins so is no journal to SQLite
        return False

    def _is_in_history(self, move: _Move) -> bool:
        where = self._pointer(move.table)
        if where in (move.before, move.after):
            return where == move.after
        table = self.load(move.table)
        if table is None:
            return False
        earlier = {entry.metadata_file for entry in table.metadata.metadata_log}
        return move.after in earlier | {table.metadata_location}

    def _pointer(self, name: TableId) -> str | None:
        """Where the catalog says the table's metadata is; None when it knows no such table."""
        with self._asked(), Session(self.iceberg.engine) as session:
            return session.scalar(select(IcebergTables.metadata_location).where(self._row(name)))

    def _asked(self) -> AbstractContextManager[None]:
        return asking(self.name, self.iceberg.engine.url)

    def _row(self, table: TableId) -> Any:
        return and_(
            IcebergTables.catalog_name == self.name,
            IcebergTables.table_namespace == table.namespace,
            IcebergTables.table_name == table.name,
        )


@dataclass(frozen=True)
class _Move:
    """One table's new metadata; it must still be at ``before``, None when it must not exist."""

    table: TableId
    before: str | None
    after: str


def _move(change: TableChange, staged: Table) -> _Move:
    before = None if change.new else change.table.metadata_location
    return _Move(change.name, before, staged.metadata_location)


def _discard(staged: Sequence[Table]) -> None:
    """Remove metadata the catalog refused, so nothing can name it."""
    for table in staged:
        with suppress(OSError):
            table.io.delete(table.metadata_location)
