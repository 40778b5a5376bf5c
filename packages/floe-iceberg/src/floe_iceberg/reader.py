"""Reading a catalog's tables: as everybody sees them, as they were, as a run has left them."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

import duckdb

from floe_core.lake import PublishedTable, TableHistory, branch_of
from floe_core.table_metadata import history_of
from floe_iceberg import scan
from floe_iceberg.catalog import TableCatalog
from floe_iceberg.describe import TableDescription, described
from floe_iceberg.history import published_at, view_as_of, view_of_branch
from floe_iceberg.refs import no_such_table
from floe_iceberg.run import RunTransaction
from floe_iceberg.run_table import main_history
from floe_iceberg.schema import duckdb_type
from floe_iceberg.table import TableId, TableView, is_unpublished


class TableReader:
    """What can be asked of a catalog; nothing here changes it."""

    def __init__(self, catalog: TableCatalog, properties: Mapping[str, str]) -> None:
        self.catalog = catalog
        self._properties = MappingProxyType(dict(properties))

    @property
    def name(self) -> str:
        return self.catalog.name

    @property
    def properties(self) -> Mapping[str, str]:
        """What another Iceberg client needs to open this catalog."""
        return self._properties

    def authorize(self, con: duckdb.DuckDBPyConnection) -> None:
        """Let the connection run what ``scan_sql`` returns, where tables lie in an object store.

        Rights that a catalog lends expire: ask again before each use, it costs next to nothing.
        """
        self.catalog.authorize(con)

    def namespaces(self) -> list[str]:
        return self.catalog.namespaces()

    def tables(self, namespaces: Sequence[str] | None = None) -> list[PublishedTable]:
        """The published tables, sorted by namespace and name; all namespaces when none is given."""
        found = (self._published(table) for table in self.table_ids(namespaces))
        return [table for table in found if table is not None]

    def is_published(self, namespace: str, table: str, snapshot_id: int) -> bool:
        """Whether main is at the snapshot or has come past it."""
        view = self._view(TableId(namespace, table))
        return view is not None and any(s.snapshot_id == snapshot_id for s in main_history(view.table))

    def history(self, namespace: str, table: str) -> TableHistory | None:
        """The states of a table, as its metadata has them; None when it was never published."""
        view = self._view(TableId(namespace, table))
        return history_of(json.loads(view.table.metadata.model_dump_json())) if view else None

    def describe(self, table: TableId, *, run: RunTransaction | None = None) -> TableDescription:
        """The table as readers of main, or a run of this process, see it, with its history and its refs.

        Raises SpecError when there is none for that reader.
        """
        view = self._view(table, run)
        if view is None:
            raise no_such_table(table)
        return described(table, view)

    def location(self, table: TableId) -> str:
        """Where the table's files lie, published or not; raises SpecError when there is none."""
        found = self.catalog.load(table)
        if found is None:
            raise no_such_table(table)
        return found.metadata.location

    def table_names(self, namespace: str, *, run: RunTransaction | None = None) -> list[str]:
        """The tables that have rows or columns to show: published ones, and those the run wrote."""
        return [table.name for table in self.table_ids([namespace]) if self._view(table, run)]

    def is_there(self, table: TableId, *, run: RunTransaction | None = None) -> bool:
        """Whether the table has rows or columns to show: it is published, or the run wrote it."""
        return self._view(table, run) is not None

    def columns(
        self,
        table: TableId,
        *,
        run: RunTransaction | None = None,
        as_of: datetime | int | str | None = None,
        run_id: str | None = None,
    ) -> list[tuple[str, str]]:
        """Names and DuckDB types; empty when the table isn't there for that reader."""
        view = self._view(table, run, as_of, run_id)
        fields = view.schema.fields if view else ()
        return [(field.name, duckdb_type(field.field_type)) for field in fields]

    def scan_sql(
        self,
        table: TableId,
        *,
        run: RunTransaction | None = None,
        as_of: datetime | int | str | None = None,
        run_id: str | None = None,
    ) -> str | None:
        """A SELECT of the table's rows for DuckDB; None when it isn't there for that reader.

        Without more, the reader sees what is published; ``run`` is a run of this process that reads its
        own writes. ``as_of`` is a time, the id of a snapshot, or the name of a tag or branch, read with the
        columns of then; SpecError when the table has none. ``run_id`` shows what a run has left
        unpublished, and what is published where it has left nothing.
        """
        view = self._view(table, run, as_of, run_id)
        return scan.select(view) if view else None

    def table_ids(self, namespaces: Collection[str] | None = None) -> list[TableId]:
        """Every table of the catalog, published or not, sorted."""
        chosen = self.namespaces() if namespaces is None else namespaces
        return sorted(table for namespace in chosen for table in self.catalog.tables(namespace))

    def with_branch(self, branch: str) -> list[TableId]:
        """The tables that have the branch, sorted."""
        loaded = ((name, self.catalog.load(name)) for name in self.table_ids())
        return [name for name, table in loaded if table and branch in table.metadata.refs]

    def unpublished(self, run_id: str) -> list[TableId]:
        """The tables on which the run's writes lie unpublished, sorted."""
        return self.with_branch(branch_of(run_id))

    def _view(
        self,
        name: TableId,
        run: RunTransaction | None = None,
        as_of: datetime | int | str | None = None,
        run_id: str | None = None,
    ) -> TableView | None:
        if run is not None:
            return run.view(name)
        table = self.catalog.load(name)
        if table is None:
            return None
        if run_id is not None and (left := view_of_branch(table, branch_of(run_id))):
            return left
        if is_unpublished(table) and not isinstance(as_of, str):
            return None
        return TableView.of_main(table) if as_of is None else view_as_of(name, table, as_of)

    def _published(self, table: TableId) -> PublishedTable | None:
        view = self._view(table)
        if view is None or view.snapshot is None:
            return None
        told = described(table, view)
        return PublishedTable(
            namespace=table.namespace,
            name=table.name,
            snapshot_id=view.snapshot.snapshot_id,
            rows=told.rows,
            size=told.bytes,
            columns=tuple((column.name, column.type) for column in told.columns),
            partition_by=told.partition_by,
            committed_at=published_at(view.table.metadata, view.snapshot),
            properties=MappingProxyType(dict(view.table.metadata.properties)),
        )
