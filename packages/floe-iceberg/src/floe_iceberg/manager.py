"""The door: everything floe does with tables goes through here."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager, closing
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import duckdb
from pyiceberg.table.refs import SnapshotRefType

from floe_core.errors import Problem, SpecError
from floe_core.lake import MaintenancePolicy, RunIdentity, TableMaintenance, Written
from floe_iceberg._snapshot_manager import Rules, expire_snapshots
from floe_iceberg.alter import Alteration
from floe_iceberg.catalog import open_catalog
from floe_iceberg.maintenance import COMPACTION_MODEL, Maintenance, connected
from floe_iceberg.process_run import running
from floe_iceberg.reader import TableReader
from floe_iceberg.refs import drop_ref, name_snapshot
from floe_iceberg.run import RunTransaction
from floe_iceberg.schema import duckdb_type, iceberg_type
from floe_iceberg.sql import identifier
from floe_iceberg.table import TableId


class IcebergTableManager(TableReader):
    """A catalog of Iceberg tables, opened.

    ``run`` writes many tables as one; ``create``, ``append``, … are runs of one write, published at once.
    ``by`` is who writes: it stands in the snapshot, with the operation as its model. With ``branch`` a write
    goes on top of that branch, which readers of main don't see, until ``publish``.
    """

    @classmethod
    def open(cls, name: str, properties: Mapping[str, str]) -> IcebergTableManager:
        """Open the catalog with PyIceberg's own properties (uri, warehouse, …), making it when new."""
        return cls(open_catalog(name, properties), properties)

    def close(self) -> None:
        """Give the catalog's connections back; the manager is of no use afterwards."""
        self.catalog.close()

    def create_namespace(self, namespace: str) -> None:
        """Make the namespace unless it is there."""
        self.catalog.ensure_namespace(namespace)

    def run(
        self, identity: RunIdentity, *, reuse: Collection[str] = ()
    ) -> AbstractContextManager[RunTransaction]:
        """Make ``identity`` the run of this process: ``current_run`` finds it.

        ``reuse`` names models whose writes by earlier attempts of the run are to be published with it;
        the tables of all others are as readers of main see them.
        """
        return running(RunTransaction(self, identity, reuse))

    def create(
        self, table: TableId, columns: Mapping[str, str], *, by: RunIdentity, **more: Any
    ) -> Written:
        """Make an empty table of DuckDB's types; ``more`` as ``RunTransaction.write`` takes it.

        Raises SpecError when it is there.
        """
        if self.columns(table):
            raise SpecError(
                Problem("FLOE-E445", f"there is a table '{table}' already", hint="evolve it, or overwrite it")
            )
        nothing = ", ".join(
            f"NULL::{duckdb_type(iceberg_type(kind, column=name))} AS {identifier(name)}"
            for name, kind in columns.items()
        )
        with closing(duckdb.connect()) as con:
            return self.overwrite(con, table, f"SELECT {nothing} WHERE false", by=by, **more)

    def append(
        self,
        con: duckdb.DuckDBPyConnection,
        table: TableId,
        sql: str,
        *,
        by: RunIdentity,
        branch: str | None = None,
        **more: Any,
    ) -> Written:
        """Add the query's rows; a table that is not there is made."""
        with _short_run(self, by, branch) as run:
            return run.write(con, table, sql, model="floe.append", mode="append", **more)

