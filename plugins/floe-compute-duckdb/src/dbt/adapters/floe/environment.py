"""DuckDB in memory: views over the lake's tables, made when a statement first names them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import duckdb
from dbt.adapters.contracts.connection import AdapterResponse
from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.environments.local import DuckDBConnectionWrapper, LocalEnvironment
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt.adapters.duckdb.utils import SourceConfig
from dbt.adapters.floe.access import Access
from dbt.adapters.floe.credentials import FloeCredentials
from dbt.adapters.floe.lake import LakeTable, LakeTables

from floe_compute_duckdb.names import last_part, mentioned_paths, missing_table, quoted
from floe_compute_duckdb.session import settle
from floe_compute_duckdb.share import Limits, Share
from floe_core.inlined_views import InlinedView
from floe_iceberg import TableId

_CONTENTS = """
    select database_name, schema_name, table_name, 'table', sql from duckdb_tables()
    where database_name in $databases and not temporary and not internal
    union all
    select database_name, schema_name, view_name, 'view', sql from duckdb_views()
    where database_name in $databases and not temporary and not internal
"""

# what lists the tables there are; those of the lake are there once they are attached
_LISTINGS = {
    *("information_schema", "duckdb_tables", "duckdb_views", "duckdb_columns", "pg_catalog", "pg_tables"),
    *("pg_views", "sqlite_master", "show_tables", "table_info"),
}

# as the materializations name them
_WORKING = r"""
    select table_name from duckdb_tables()
    where temporary and regexp_matches(table_name, '__(new|copy|checked|staging)\d+$')
"""


_Place = tuple[str, str]  # schema and name, in lower case


class Item(NamedTuple):
    """A table or view in memory, with the SQL it was made by."""

    database: str
    schema: str
    name: str
    kind: str
    sql: str


class FloeEnvironment(LocalEnvironment):
    """One per dbt invocation. ``lock`` guards what the database named like the catalog holds.

    ``views`` are the project's inlined views: what reads one finds it, also where it is not built itself.
    """

    def __init__(
        self, credentials: FloeCredentials, access: Access, views: Iterable[InlinedView] = ()
    ) -> None:
        super().__init__(credentials)
        self.access = access
        self.database = credentials.database
        self.schema = credentials.schema
        self.tables = LakeTables(credentials, access)
        self._views = {_place(view.schema, view.name): view for view in views}
        self._attached: set[tuple[str, str]] = set()
        self._limits = Limits(credentials.memory_limit, credentials.cores)
        self._share: Share | None = None

    @classmethod
    def initialize_db(
        cls, creds: DuckDBCredentials, plugins: dict[str, BasePlugin] | None = None
    ) -> duckdb.DuckDBPyConnection:
        connection: duckdb.DuckDBPyConnection = super().initialize_db(creds, plugins)
        settle(connection, set_already=creds.settings or ())
        connection.execute(f"attach ':memory:' as {quoted(creds.database)}")
        return connection

    def handle(self) -> DuckDBConnectionWrapper:
        with self.lock:
            handle: DuckDBConnectionWrapper = super().handle()  # type: ignore[no-untyped-call]
            cursor = raw_cursor(handle)
            if self._share is None and (tmp := self.access.tmp):
                connection: Any = self.conn  # which it has just made
                self._share = Share(connection, self._limits, tmp)
            self._make_schema(cursor, self.schema)
            cursor.execute(f"use {quoted(self.database)}.{quoted(self.schema)}")
            return handle

    def close(self) -> None:
        super().close()  # type: ignore[no-untyped-call]
        share, self._share = getattr(self, "_share", None), None
        if share is not None:
            share.leave()

    def attach_mentioned(
        self, cursor: duckdb.DuckDBPyConnection, sql: str, within: frozenset[_Place] = frozenset()
    ) -> None:
        """Make a view of each table of the lake that the statement could mean.

        ``within`` are the inlined views that are just being made: here their names mean something else.
        """
        self.access.manager.authorize(cursor)  # rights lent for views of before may have expired
        if self._share is not None:
            with self.lock:
                self._share.settle()
        paths = mentioned_paths(sql)
        if any(not _LISTINGS.isdisjoint(map(str.lower, path)) for path in paths):
            paths |= {(self.database, *each) for each in self._everything()}
        for path in paths:
            candidate = self.schema_and_name(path)
            if candidate is None or candidate in self._attached or candidate in within:
                continue
            if view := self._views.get(candidate):
                self.define(cursor, view, within)
                continue
            table = self.tables.find(*candidate)
            if table is not None:
                self.attach(cursor, table)

    def _everything(self) -> Iterator[tuple[str, str]]:
        for schema in self.tables.schemas():
            yield from ((schema, name) for name in self.tables.names(schema))
        yield from self._views

    def attach(self, cursor: duckdb.DuckDBPyConnection, table: LakeTable) -> None:
        """Make or replace the view of a table; it shows what the reader sees now."""
        scan = self.access.manager.scan_sql(table.id, run=self.access.run)
        if scan is None:
            return
        with self.lock:
            self.access.manager.authorize(cursor)
            self._make_schema(cursor, table.schema)
            target = ".".join(quoted(part) for part in (self.database, table.schema, table.name))
            cursor.execute(f"create or replace view {target} as {scan}")
            self._attached.add((table.schema.lower(), table.name.lower()))

    def define(
        self, cursor: duckdb.DuckDBPyConnection, view: InlinedView, within: frozenset[_Place] = frozenset()
    ) -> None:
        """Make or replace an inlined view: whoever reads it has its query in the place of its name."""
        place = _place(view.schema, view.name)
        self.attach_mentioned(cursor, view.sql, within | {place})
        with self.lock:
            self._make_schema(cursor, view.schema)
            target = ".".join(quoted(part) for part in (self.database, view.schema, view.name))
            try:
                cursor.execute(f"create or replace view {target} as (\n{view.sql}\n)")
            except duckdb.CatalogException as error:
                if last_part(missing_table(str(error)) or "") not in {name for _, name in within}:
                    raise
                return  # it reads one of those, so they do not read it: its name is one of their own there
            self._views[place] = view
            self._attached.add(place)

    def inlined(self, schema: str, name: str | None = None) -> list[InlinedView]:
        """The inlined views of a schema, or the one of that name."""
        place = _place(schema, name or "")
        return [
            view
            for key, view in sorted(self._views.items())
            if key == place or (not name and key[0] == place[0])
        ]

    def written(self, cursor: duckdb.DuckDBPyConnection, schema: str, table: TableId) -> None:
        """Show what has just been written to those who read it next."""
        self.tables.add(table)
        self.attach(cursor, LakeTable(schema, table.name, table))
        with self.lock:  # a view knows the columns of what it reads from when it was made
            self._attached -= self._views.keys()

    def contents(self, cursor: duckdb.DuckDBPyConnection) -> frozenset[Item]:
        """Every table and view that is not temporary."""
        rows = cursor.execute(_CONTENTS, {"databases": ["memory", self.database]}).fetchall()
        return frozenset(Item(*map(str, row)) for row in rows)

    def is_of_the_lake(self, item: Item) -> bool:
        if item.database != self.database:
            return False
        there = self.tables.find(item.schema, item.name) is not None
        return there or _place(item.schema, item.name) in self._views

    def forget(self, cursor: duckdb.DuckDBPyConnection, items: Iterable[Item]) -> None:
        """Drop what a statement left; views of the lake are made anew when they are next named."""
        for item in items:
            name = ".".join(quoted(part) for part in (item.database, item.schema, item.name))
            cursor.execute(f"drop {item.kind} if exists {name}")
        self._attached.clear()

    def submit_python_job(
        self, handle: DuckDBConnectionWrapper, parsed_model: dict[str, Any], compiled_code: str
    ) -> AdapterResponse:
        cursor = raw_cursor(handle)

        def load(name: str) -> duckdb.DuckDBPyRelation:
            self.attach_mentioned(cursor, name)
            return cursor.query(f"select * from {name}")

        loop = asyncio.new_event_loop()  # dbt-duckdb would make one, and leave it open
        asyncio.set_event_loop(loop)
        try:
            self.run_python_job(cursor, load, parsed_model["alias"], compiled_code, self.creds)
        finally:
            asyncio.set_event_loop(None)
            loop.close()
        return AdapterResponse(_message="OK")

    def drop_working_tables(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Drop what a model was worked out in: temporary tables, which belong to its thread's connection."""
        for (name,) in cursor.execute(_WORKING).fetchall():
            cursor.execute(f"drop table if exists temp.main.{quoted(name)}")

    def load_source(self, plugin_name: str, source_config: SourceConfig) -> None:  # type: ignore[override]
        with self.lock:  # what a plugin loads must not look like a table made by the statement of a thread
            super().load_source(plugin_name, source_config)

    def _make_schema(self, cursor: duckdb.DuckDBPyConnection, schema: str) -> None:
        cursor.execute(f"create schema if not exists {quoted(self.database)}.{quoted(schema)}")

    def schema_and_name(self, path: tuple[str, ...]) -> tuple[str, str] | None:
        """What a dotted name could mean as a table of the lake."""
        lowered = tuple(part.lower() for part in path)
        if len(path) == 3 and lowered[0] == self.database.lower():
            return lowered[1], lowered[2]
        if len(path) == 2:
            return lowered[0], lowered[1]
        return (self.schema.lower(), lowered[0]) if len(path) == 1 else None


def _place(schema: str, name: str) -> _Place:
    return schema.lower(), name.lower()


def raw_cursor(handle: Any) -> duckdb.DuckDBPyConnection:
    """DuckDB's own cursor below dbt-duckdb's wrappers."""
    cursor = handle.cursor()
    while not isinstance(cursor, duckdb.DuckDBPyConnection):
        cursor = cursor._cursor
    return cursor
