"""The SQL catalog, in SQLite or PostgreSQL: rows that name metadata files, moved in one transaction."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyiceberg.catalog.sql import IcebergTables, SqlCatalog, SqlCatalogBaseTable
from pyiceberg.exceptions import NamespaceAlreadyExistsError, NoSuchNamespaceError, NoSuchTableError
from pyiceberg.io import FileIO
from pyiceberg.table import Table
from pyiceberg.table.locations import load_location_provider
from sqlalchemy import URL, and_, delete, event, insert, make_url, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from floe_core.errors import FloeError, Problem, ServiceError, WorkError
from floe_iceberg import _pyiceberg
from floe_iceberg.catalog import FILE_IO, Moved, TableCatalog, TableChange, UnknownOutcome, id_of, unsupported
from floe_iceberg.changed import changed, dated
from floe_iceberg.durable import cannot_store, storing
from floe_iceberg.table import TableId, reading

_BUSY_TIMEOUT_S = 60
_DISK_ERRORS = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY}
_POSTGRES = {"connect_timeout": "10", "options": "-c statement_timeout=60000", "tcp_user_timeout": "30000"}


def open_sql_catalog(name: str, properties: Mapping[str, str]) -> TableCatalog:
    """Open it, making its tables when it is new."""
    _refuse_unspeakable(properties.get("warehouse", ""))
    url = make_url(properties["uri"])
    kind = url.get_backend_name()
    if kind == "sqlite":
        url = url.update_query_dict({"timeout": str(_BUSY_TIMEOUT_S)})
    elif kind == "postgresql":
        url = url.set(drivername="postgresql+psycopg").update_query_dict({**_POSTGRES, **url.query})
    else:
        raise unsupported(f"sql in {kind}")
    uri = url.render_as_string(hide_password=False)
    catalog = _connect(name, {**properties, "uri": uri, "py-io-impl": FILE_IO})
    if kind == "sqlite":
        catalog.engine.dispose()
        event.listen(catalog.engine, "connect", _make_durable)
    return SqlTableCatalog(catalog)


class SqlTableCatalog(TableCatalog):
    iceberg: SqlCatalog

    def ensure_namespace(self, namespace: str) -> None:
        # an IntegrityError is somebody else making it between PyIceberg's look and its insert
        with self._asking(), suppress(NamespaceAlreadyExistsError, IntegrityError):
            self.iceberg.create_namespace(namespace)

    def namespaces(self) -> list[str]:
        with self._asking():
            return sorted(".".join(namespace) for namespace in self.iceberg.list_namespaces())

    def tables(self, namespace: str) -> list[TableId]:
        with self._asking(), suppress(NoSuchNamespaceError):
            return [TableId(namespace, name) for *_, name in self.iceberg.list_tables(namespace)]
        return []

    def load(self, name: TableId) -> Table | None:
        try:
            with self._asking(), reading(name, self.iceberg.properties.get("warehouse", "")):
                return self.iceberg.load_table(name)
        except NoSuchTableError:
            return None

    def place(self, name: TableId) -> tuple[str, FileIO]:
        location = _pyiceberg.default_location(self.iceberg, name.namespace, name.name)
        return location, _pyiceberg.catalog_io(self.iceberg, {}, location)

    def home(self, namespace: str) -> str | None:
        return _pyiceberg.default_location(self.iceberg, namespace, "table").rpartition("/")[0]

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
        with self._asking(), Session(self.iceberg.engine) as session:
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
            if self._landed(moves, reason=_reason(error)):
                return []
            database = _sqlite_file(self.iceberg.engine.url)
            if database and _is_of_the_disk(error):
                raise cannot_store(str(database), _reason(error)) from error
            raise WorkError(
                Problem(
                    "FLOE-E603",
                    f"the catalog '{self.name}' did not take the commit: {_reason(error)}",
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

    def _landed(self, moves: Sequence[_Move], *, reason: str) -> bool:
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
                    f"{reason}; then {error.problems[0].message}",
                    hint="look at the tables once it is back: all of them moved, or none",
                )
            ) from error

    def _will_be_undone(self, error: FloeError) -> bool:
        """Whether SQLite's journal of the commit is still there: whoever opens the database next undoes it.

        A disk that takes no writes keeps us from opening it, and so from looking what it holds.
        """
        database = _sqlite_file(self.iceberg.engine.url)
        if database is None or not _is_of_the_disk(error.__cause__):
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
        with self._asking(), Session(self.iceberg.engine) as session:
            return session.scalar(select(IcebergTables.metadata_location).where(self._row(name)))

    def _asking(self) -> AbstractContextManager[None]:
        return _asking(self.name, self.iceberg.engine.url)

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


def _refuse_unspeakable(warehouse: str) -> None:
    """Refuse a place that PyIceberg would cut off: its locations are URIs, but nothing in them is quoted."""
    found = next((sign for sign in "?#" if sign in warehouse), None)
    if found:
        raise WorkError(
            Problem(
                "FLOE-E605",
                f"Iceberg cannot keep tables in '{warehouse}': the name has a '{found}' in it",
                hint="rename the folder, or move the project to another one",
            )
        )


def _connect(name: str, properties: Mapping[str, str]) -> SqlCatalog:
    with _asking(name, make_url(properties["uri"])):
        for _ in SqlCatalogBaseTable.metadata.sorted_tables:
            with suppress(SQLAlchemyError):  # another process may make the same tables just now, one by one
                return SqlCatalog(name, **properties)
        return SqlCatalog(name, **properties)


@contextmanager
def _asking(name: str, url: URL) -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        database = _sqlite_file(url)
        if database and _is_of_the_disk(error):
            raise cannot_store(str(database), _reason(error)) from error
        if database and _code(error) == sqlite3.SQLITE_CORRUPT:
            raise _damaged(database, error) from error
        told = f"the catalog '{name}' does not answer as a catalog: {_reason(error)}"
        raise ServiceError(Problem("FLOE-E602", told)) from error


def _sqlite_file(url: URL) -> Path | None:
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def _is_of_the_disk(error: BaseException | None) -> bool:
    """Whether SQLite could not read or write its files."""
    return _code(error) in _DISK_ERRORS


def _code(error: BaseException | None) -> int:
    cause = error.orig if isinstance(error, DBAPIError) else None
    code = cause.sqlite_errorcode if isinstance(cause, sqlite3.Error) else 0
    return code & 0xFF  # the rest of it says which call failed


def _damaged(database: Path, error: SQLAlchemyError) -> ServiceError:
    """Also what SQLite makes of a disk that fails while it reads."""
    told = f"the catalog's database '{database}' cannot be read: {_reason(error)}"
    hint = "see to the disk; if that is well, bring the file back from a backup"
    return ServiceError(Problem("FLOE-E607", told, hint=hint))


def _reason(error: SQLAlchemyError) -> str:
    """The driver's first line: what follows may quote the statement."""
    told = str(error.orig) if isinstance(error, DBAPIError) else str(error)
    return told.splitlines()[0] if told else type(error).__name__


def _make_durable(connection: Any, _record: object) -> None:
    # EXTRA also syncs the directory once the journal is gone: without it a power loss can bring the
    # journal, and with it the catalog before the commit, back
    connection.execute("PRAGMA synchronous=EXTRA")
