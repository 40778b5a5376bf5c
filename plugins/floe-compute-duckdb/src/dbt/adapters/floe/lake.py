"""The tables of the lake as this invocation of dbt sees them."""

from __future__ import annotations

import threading
from typing import NamedTuple

from dbt.adapters.floe.access import Access
from dbt.adapters.floe.credentials import FloeCredentials

from floe_compute_duckdb.names import namespace_of, sql_name
from floe_iceberg import TableId


class LakeTable(NamedTuple):
    """A table that is there for the reader, with the schema and name SQL knows it by."""

    schema: str
    name: str
    id: TableId


class LakeTables:
    """Looks names up, listing each namespace once: what others add meanwhile is not seen.

    A listing says nothing of whether its tables were ever published; that is asked of a table once it is
    meant, or a run of one model would pay for all of its project.
    """

    def __init__(self, credentials: FloeCredentials, access: Access) -> None:
        self._credentials = credentials
        self._access = access
        self._lock = threading.RLock()
        self._namespaces: tuple[str, ...] | None = None
        self._names: dict[str, dict[str, str]] = {}

    def namespaces(self) -> tuple[str, ...]:
        with self._lock:
            if self._namespaces is None:
                self._namespaces = tuple(self._access.manager.namespaces())
            return self._namespaces

    def schemas(self) -> list[str]:
        """The schemas SQL can name."""
        return sorted({self._credentials.schema, *(sql_name(name) for name in self.namespaces())})

    def id(self, schema: str, name: str) -> TableId:
        """What a relation is in the catalog, there or not; the case of a table that is there wins."""
        namespace = namespace_of(schema, product=self._credentials.product, namespaces=self.namespaces())
        return TableId(namespace, self._listed(namespace).get(name.lower(), name))

    def names(self, schema: str) -> list[str]:
        """The tables of one schema."""
        namespace = namespace_of(schema, product=self._credentials.product, namespaces=self.namespaces())
        if namespace not in self.namespaces():
            return []
        return sorted(self._access.manager.table_names(namespace, run=self._access.run))

    def find(self, schema: str, name: str) -> LakeTable | None:
        """The table, if it is there."""
        table = self.id(schema, name)
        if name.lower() not in self._listed(table.namespace):
            return None
        there = self._access.manager.is_there(table, run=self._access.run)
        return LakeTable(schema, table.name, table) if there else None

    def add(self, table: TableId) -> None:
        """Remember a table that has just been written."""
        with self._lock:
            self._listed(table.namespace)[table.name.lower()] = table.name
            if table.namespace not in self.namespaces():
                self._namespaces = (*self.namespaces(), table.namespace)

    def create_namespace(self, schema: str) -> None:
        namespace = self.id(schema, "").namespace
        self._access.manager.create_namespace(namespace)
        with self._lock:
            self._namespaces = None

    def _listed(self, namespace: str) -> dict[str, str]:
        with self._lock:
            if namespace not in self._names:
                there = [namespace] if namespace in self.namespaces() else []
                names = self._access.manager.table_ids(there)
                self._names[namespace] = {table.name.lower(): table.name for table in names}
            return self._names[namespace]
