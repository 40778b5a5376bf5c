"""What the engine asks of a catalog, whichever it is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb
from pyiceberg.catalog import Catalog
from pyiceberg.io import FileIO
from pyiceberg.table import Table
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.update import TableRequirement, TableUpdate

from floe_core.errors import PluginError, Problem, WorkError
from floe_iceberg.access import authorize, needs_access
from floe_iceberg.file_io import DurableFileIO
from floe_iceberg.rights import Rights
from floe_iceberg.table import TableId

FILE_IO = f"{DurableFileIO.__module__}.{DurableFileIO.__qualname__}"


class UnknownOutcome(WorkError):
    """A commit that may have landed: its files must stay."""


class Moved(Exception):
    """Tables were not as a commit needs them, and nothing of it has landed or ever will."""

    def __init__(self, tables: Sequence[TableId]) -> None:
        super().__init__(", ".join(map(str, tables)))
        self.tables = tuple(tables)


@dataclass(frozen=True)
class TableChange:
    """One table's part of a commit: the updates were made for ``table``, a draft if it is new.

    ``requirements`` are what must hold of the table when they land.
    """

    name: TableId
    table: Table
    updates: tuple[TableUpdate, ...]
    requirements: tuple[TableRequirement, ...]
    new: bool = False


@dataclass(frozen=True)
class Home:
    """A folder with one of each table of a namespace, and what reads and writes there."""

    location: str
    io: FileIO


class TableCatalog(ABC):
    """Names of tables, and where their metadata is; ``iceberg`` is PyIceberg's client of the same catalog."""

    def __init__(self, iceberg: Catalog) -> None:
        self.iceberg = iceberg

    @property
    def name(self) -> str:
        return self.iceberg.name

    def close(self) -> None:
        self.iceberg.close()

    @property
    def rights(self) -> Sequence[Rights]:
        """What the catalog has lent, for the tables looked at so far."""
        return ()

    def authorize(self, con: duckdb.DuckDBPyConnection) -> None:
        """Let the connection read and write where the tables are, for a while."""
        if needs_access(self.iceberg.properties):
            authorize(con, self.iceberg.properties, lambda: self.rights)

    @abstractmethod
    def ensure_namespace(self, namespace: str) -> None:
        """Make the namespace unless it is there."""

    @abstractmethod
    def namespaces(self) -> list[str]: ...

    @abstractmethod
    def tables(self, namespace: str) -> list[TableId]:
        """Every table of the namespace, published or not; none when there is no such namespace."""

    @abstractmethod
    def load(self, name: TableId) -> Table | None:
        """The table as it is now; None when there is none."""

    @abstractmethod
    def place(self, name: TableId) -> tuple[str, FileIO]:
        """Where a new table of the name goes, and what reads and writes there."""

    @abstractmethod
    def home(self, namespace: str) -> Home | None:
        """Where new tables of the namespace go; None where the catalog gives each a place of its own."""

    @abstractmethod
    def commit(self, changes: Sequence[TableChange]) -> list[Table]:
        """Make every change or none, and return the tables as they are then.

        Raises Moved when tables are not as the changes need them, WorkError when the catalog did not take
        them, UnknownOutcome when nobody can tell.
        """

    @abstractmethod
    def drop(self, table: Table) -> bool:
        """Take the table out of the catalog if it is still as it was loaded; its files stay."""

    def described(self, name: TableId, metadata: TableMetadata, location: str, io: FileIO) -> Table:
        """A table of this catalog with metadata that the catalog may not know."""
        identifier = (*name.namespace.split("."), name.name)
        return Table(identifier, metadata, location, io, self.iceberg)


def open_catalog(name: str, properties: Mapping[str, str]) -> TableCatalog:
    """Open the catalog; a SQL catalog is made when it is new, and plain clients can open it beside us."""
    kind = properties.get("type", "sql")
    if kind == "sql":
        from floe_iceberg.sql_opening import open_sql_catalog  # each kind has a client of its own to import

        return open_sql_catalog(name, properties)
    if kind == "rest":
        from floe_iceberg.rest_catalog import open_rest_catalog

        return open_rest_catalog(name, properties)
    raise unsupported(kind)


def unsupported(kind: str) -> PluginError:
    known = "sql (sqlite, postgresql) and rest"
    return PluginError(
        Problem("FLOE-E231", f"catalogs of the type '{kind}' are not supported", hint=f"there are {known}")
    )


def id_of(table: Table) -> TableId:
    *namespace, name = table.name()
    return TableId(".".join(namespace), name)
