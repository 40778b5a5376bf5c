"""The door: everything floe does with tables goes through here."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from types import MappingProxyType

import duckdb
from pyiceberg.table.snapshots import ancestors_of

from floe_core.lake import MaintenancePolicy, PublishedTable, RunIdentity, TableMaintenance, branch_of
from floe_iceberg import scan
from floe_iceberg._snapshot_manager import Rules, expire_snapshots
from floe_iceberg.catalog import TableCatalog, open_catalog
from floe_iceberg.history import time_of, view_as_of, view_of_branch
from floe_iceberg.maintenance import Maintenance
from floe_iceberg.process_run import running
from floe_iceberg.run import RunTransaction
from floe_iceberg.schema import duckdb_type
from floe_iceberg.table import TableId, TableView, is_unpublished, row_count


class IcebergTableManager:
    """A catalog of Iceberg tables, opened: reads here, writes through ``run``."""

    def __init__(self, catalog: TableCatalog, properties: Mapping[str, str]) -> None:
        self.catalog = catalog
        self._properties = MappingProxyType(dict(properties))

    @classmethod
    def open(cls, name: str, properties: Mapping[str, str]) -> IcebergTableManager:
        """Open the catalog with PyIceberg's own properties (uri, warehouse, …), making it when new."""
        return cls(open_catalog(name, properties), properties)

    def close(self) -> None:
        """Give the catalog's connections back; the manager is of no use afterwards."""
        self.catalog.close()

    @property
    def name(self) -> str:
        return self.catalog.name

    def authorize(self, con: duckdb.DuckDBPyConnection) -> None:
        """Let the connection run what ``scan_sql`` returned, where tables lie in an object store.

        Rights that a catalog lends expire: ask again before each use, it costs next to nothing.
        """
        self.catalog.authorize(con)

    @property
    def properties(self) -> Mapping[str, str]:
        """What another Iceberg client needs to open this catalog."""
        return self._properties

    def tables(self, namespaces: Sequence[str] | None = None) -> list[PublishedTable]:
        """The published tables, sorted by namespace and name; all namespaces when none is given."""
        found = (self._published(table) for table in self.table_ids(namespaces))
        return [table for table in found if table is not None]

    def is_published(self, namespace: str, table: str, snapshot_id: int) -> bool:
        """Whether main is at the snapshot or has come past it."""
        view = self._view(TableId(namespace, table))
        if view is None:
            return False
        metadata = view.table.metadata
        history = ancestors_of(metadata.current_snapshot(), metadata)
        return any(snapshot.snapshot_id == snapshot_id for snapshot in history)

    def run(
        self, identity: RunIdentity, *, reuse: Collection[str] = ()
    ) -> AbstractContextManager[RunTransaction]:
        """Make ``identity`` the run of this process: ``current_run`` finds it.

        ``reuse`` names models whose writes by earlier attempts of the run are to be published with it;
        the tables of all others are as readers of main see them.
        """
        return running(RunTransaction(self, identity, reuse))

    def expire_snapshots(self, table: TableId | str, *, keep_last: int = 6) -> list[int]:
        """Expire all but the newest ``keep_last`` snapshots and return the ids that went.

        The current snapshot always survives, even with ``keep_last=0``: expiring it would leave a table no
        reader can open. So do tagged ones, and what runs have written on branches of theirs. Their files
        are removed by ``maintain``, once nobody can be reading them any more.
        """
        name = table if isinstance(table, TableId) else TableId(*table.rsplit(".", 1))
        return list(expire_snapshots(self.catalog, name, Rules(keep_last)).expired)

    def maintain(
        self,
        namespaces: Sequence[str],
        policy: MaintenancePolicy,
        *,
        identity: RunIdentity,
        living: Mapping[str, datetime],
        now: datetime,
        dry_run: bool,
    ) -> list[TableMaintenance]:
        """Delete old rows, compact, expire and remove files in every table of the namespaces, sorted.

        What changes rows or files is published as the run ``identity``: no other run may write to the
        namespaces meanwhile. ``living`` are the runs of the whole platform that are going, with the times
        they began; what they wrote or may be reading is left alone. With ``dry_run`` nothing is changed.
        """
        maintenance = Maintenance(self, policy, identity, living, now, dry_run)
        return maintenance.of(self.table_ids(namespaces))

    def namespaces(self) -> list[str]:
        return self.catalog.namespaces()

    def create_namespace(self, namespace: str) -> None:
        """Make the namespace unless it is there."""
        self.catalog.ensure_namespace(namespace)

    def table_names(self, namespace: str, *, run: RunTransaction | None = None) -> list[str]:
        """The tables that have rows or columns to show: published ones, and those the run wrote."""
        return [table.name for table in self.table_ids([namespace]) if self._view(table, run)]

    def columns(
        self,
        table: TableId,
        *,
        run: RunTransaction | None = None,
        as_of: datetime | int | None = None,
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
        as_of: datetime | int | None = None,
        run_id: str | None = None,
    ) -> str | None:
        """A SELECT of the table's rows for DuckDB; None when it isn't there for that reader.

        Without more, the reader sees what is published; ``run`` is a run of this process that reads its
        own writes. ``as_of`` is a time or the id of a snapshot, read with the columns of then; SpecError
        when the table has none. ``run_id`` shows what a run has left unpublished, and what is published
        where it has left nothing.
        """
        view = self._view(table, run, as_of, run_id)
        return scan.select(view) if view else None

    def table_ids(self, namespaces: Sequence[str] | None = None) -> list[TableId]:
        """Every table of the catalog, published or not, sorted."""
        chosen = self.namespaces() if namespaces is None else namespaces
        return sorted(table for namespace in chosen for table in self.catalog.tables(namespace))

    def unpublished(self, run_id: str) -> list[TableId]:
        """The tables on which the run's writes lie unpublished, sorted."""
        branch = branch_of(run_id)
        loaded = ((name, self.catalog.load(name)) for name in self.table_ids())
        return [name for name, table in loaded if table and branch in table.metadata.refs]

    def _view(
        self,
        name: TableId,
        run: RunTransaction | None = None,
        as_of: datetime | int | None = None,
        run_id: str | None = None,
    ) -> TableView | None:
        if run is not None:
            return run.view(name)
        table = self.catalog.load(name)
        if table is None:
            return None
        if run_id is not None and (left := view_of_branch(table, branch_of(run_id))):
            return left
        if is_unpublished(table):
            return None
        return TableView.of_main(table) if as_of is None else view_as_of(name, table, as_of)

    def _published(self, table: TableId) -> PublishedTable | None:
        view = self._view(table)
        if view is None or view.snapshot is None:
            return None
        return PublishedTable(
            namespace=table.namespace,
            name=table.name,
            snapshot_id=view.snapshot.snapshot_id,
            rows=row_count(view.snapshot),
            committed_at=time_of(view.snapshot.timestamp_ms),
            properties=MappingProxyType(dict(view.table.metadata.properties)),
        )
