"""The catalog: opened, and its rows moved in one SQL transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from pyiceberg.catalog.sql import IcebergTables, SqlCatalog
from pyiceberg.exceptions import NamespaceAlreadyExistsError, NoSuchNamespaceError, NoSuchTableError
from pyiceberg.table import Table
from sqlalchemy import and_, delete, event, insert, make_url, update
from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from floe_core.errors import ConflictError, FloeError, PluginError, Problem, ServiceError, WorkError
from floe_iceberg._pyiceberg import table_row
from floe_iceberg.file_io import DurableFileIO
from floe_iceberg.table import TableId

_BUSY_TIMEOUT_S = 60
_FILE_IO = f"{DurableFileIO.__module__}.{DurableFileIO.__qualname__}"


def open_catalog(name: str, properties: Mapping[str, str]) -> SqlCatalog:
    """Open the SQL catalog, making its tables when it is new; plain clients can open it beside us."""
    kind = properties.get("type", "sql")
    if kind != "sql":
        raise PluginError(Problem("FLOE-E231", f"catalogs of the type '{kind}' are not supported yet"))
    _refuse_unspeakable(properties.get("warehouse", ""))
    url = make_url(properties["uri"])
    sqlite = url.get_backend_name() == "sqlite"
    if sqlite:
        url = url.update_query_dict({"timeout": str(_BUSY_TIMEOUT_S)})
    uri = url.render_as_string(hide_password=False)
    catalog = _connect(name, {**properties, "uri": uri, "py-io-impl": _FILE_IO})
    if sqlite:
        catalog.engine.dispose()
        event.listen(catalog.engine, "connect", _make_durable)
    return catalog


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
    with _asking(name):
        try:
            return SqlCatalog(name, **properties)
        except OperationalError:
            # another process may have made the same tables at the same time
            return SqlCatalog(name, **properties)


@contextmanager
def _asking(name: str) -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        raise ServiceError(
            Problem("FLOE-E602", f"the catalog '{name}' does not answer as a catalog: {error.args[0]}")
        ) from error


def _make_durable(connection: Any, _record: object) -> None:
    # EXTRA also syncs the directory once the journal is gone: without it a power loss can bring the
    # journal, and with it the catalog before the commit, back
    connection.execute("PRAGMA synchronous=EXTRA")


def ensure_namespace(catalog: SqlCatalog, namespace: str) -> None:
    """Make the namespace unless it is there."""
    # an IntegrityError is somebody else making it between PyIceberg's look and its insert
    with _asking(catalog.name), suppress(NamespaceAlreadyExistsError, IntegrityError):
        catalog.create_namespace(namespace)


def namespaces(catalog: SqlCatalog) -> list[str]:
    with _asking(catalog.name):
        return sorted(".".join(namespace) for namespace in catalog.list_namespaces())


def tables(catalog: SqlCatalog, namespace: str) -> list[TableId]:
    """Every table of the namespace, published or not; none when there is no such namespace."""
    with _asking(catalog.name), suppress(NoSuchNamespaceError):
        return [TableId(namespace, name) for *_, name in catalog.list_tables(namespace)]
    return []


def load(catalog: SqlCatalog, table: TableId) -> Table | None:
    """The table as it is now; None when there is none."""
    try:
        with _asking(catalog.name):
            return catalog.load_table(table)
    except NoSuchTableError:
        return None
    except OSError as error:
        raise WorkError(
            Problem(
                "FLOE-E606",
                f"the table '{table}' is in the catalog, but its metadata cannot be read: {error}",
                hint="bring its files back, or take it out of the catalog",
            )
        ) from error


class UnknownOutcome(WorkError):
    """A commit that may have landed: its files must stay."""


@dataclass(frozen=True)
class Move:
    """One table's new metadata; it must still be at ``before``, None when it must not exist."""

    table: TableId
    before: str | None
    after: str


def move_all(catalog: SqlCatalog, moves: Sequence[Move]) -> list[TableId]:
    """Point every table at its new metadata in one SQL transaction and return [].

    If some are not where they should be, nothing moves and they are returned. Raises WorkError when
    the catalog could not do it; when its answer was lost, what it holds decides.
    """
    try:
        with Session(catalog.engine) as session:
            moved = [move.table for move in moves if not _move(catalog, session, move)]
            if not moved:
                session.commit()
            return moved
    except SQLAlchemyError as error:
        if _landed(catalog, moves, reason=str(error.args[0])):
            return []
        raise WorkError(
            Problem(
                "FLOE-E603",
                f"the catalog '{catalog.name}' did not take the commit: {error.args[0]}",
                hint="nothing was changed; run again",
            )
        ) from error


def conflict(tables: Sequence[TableId]) -> ConflictError:
    names = ", ".join(f"'{table}'" for table in tables)
    return ConflictError(
        Problem(
            "FLOE-E530",
            f"somebody else changed {names} meanwhile",
            hint="nothing was published; run again to work on what is there now",
        )
    )


def _move(catalog: SqlCatalog, session: Session, move: Move) -> bool:
    if move.before is None:
        row = table_row(catalog, move.table.namespace, move.table.name, move.after)
        try:
            session.execute(insert(IcebergTables).values(**row))
        except IntegrityError:
            return False
        return True
    result = session.execute(
        update(IcebergTables)
        .where(_row(catalog, move.table), IcebergTables.metadata_location == move.before)
        .values(metadata_location=move.after, previous_metadata_location=move.before)
    )
    return bool(getattr(result, "rowcount", 0) == 1)


def drop(catalog: SqlCatalog, table: Table) -> bool:
    """Take the table out of the catalog if it is still as it was loaded; its files stay."""
    name = TableId(".".join(table.name()[:-1]), table.name()[-1])
    with _asking(catalog.name), Session(catalog.engine) as session:
        at = IcebergTables.metadata_location == table.metadata_location
        result = session.execute(delete(IcebergTables).where(_row(catalog, name), at))
        session.commit()
        return bool(getattr(result, "rowcount", 0) == 1)


def _landed(catalog: SqlCatalog, moves: Sequence[Move], *, reason: str) -> bool:
    """Whether the moves are part of the tables' history; others may have come after them."""
    try:
        return all(_is_in_history(catalog, move) for move in moves)
    except FloeError as error:
        raise UnknownOutcome(
            Problem(
                "FLOE-E604",
                f"the catalog '{catalog.name}' went away during a commit, which may have landed or not: "
                f"{reason}",
                hint="look at the tables once it is back: all of them moved, or none",
            )
        ) from error


def _is_in_history(catalog: SqlCatalog, move: Move) -> bool:
    table = load(catalog, move.table)
    if table is None:
        return False
    earlier = {entry.metadata_file for entry in table.metadata.metadata_log}
    return move.after in earlier | {table.metadata_location}


def _row(catalog: SqlCatalog, table: TableId) -> Any:
    return and_(
        IcebergTables.catalog_name == catalog.name,
        IcebergTables.table_namespace == table.namespace,
        IcebergTables.table_name == table.name,
    )
