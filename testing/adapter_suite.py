"""The lake below dbt's adapter suite: a run of floe around each call of dbt and each SQL statement."""

from __future__ import annotations

import uuid
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import duckdb
from dbt.adapters.floe.guard import changes_something
from dbt.cli.main import dbtRunner, dbtRunnerResult

from floe_compute_duckdb.names import namespace_of, quoted, sql_name
from floe_compute_duckdb.session import settle
from floe_core.lake import RunIdentity
from floe_dbt.invocation import forget_events
from floe_iceberg import RunTransaction, TableId
from testing.lake import Lake

PRODUCT = "suite"
_CATALOG = "floe"
_TABLES = "select schema_name, table_name from duckdb_tables() where database_name = current_database()"
_VIEWS = """
    select schema_name, view_name from duckdb_views()
    where database_name = current_database() and not internal
"""
_Contents = dict[tuple[str, str], tuple[list[tuple[str, str]], list[Any]]]


class SuiteLake:
    """One lake, always in a run: after each call that run is published and the next one begins."""

    def __init__(self, home: Path) -> None:
        self.lake = Lake(home, PRODUCT)
        self._begin()

    def _begin(self) -> None:
        identity = RunIdentity(str(uuid.uuid4()), 1, PRODUCT, "dev", "d1ce57", "7ace")
        self._running: AbstractContextManager[RunTransaction] = self.lake.manager.run(identity)
        self.run = self._running.__enter__()

    def close(self) -> None:
        self._running.__exit__(None, None, None)
        self.lake.close()

    def publish(self) -> None:
        """What the suite looks at after a call, also after one that failed in part, is published."""
        self.run.publish()
        self._running.__exit__(None, None, None)
        self._begin()

    def drop_schema(self, schema: str) -> None:
        """Between tests of one class the suite wants an empty schema."""
        namespace = self._id(schema, "").namespace
        for table in self.lake.manager.table_ids([namespace]):
            self.lake.plain().drop_table(tuple(table))
        self.publish()

    def execute(self, sql: str, fetch: str | None, schema: str) -> Any:
        """Run SQL on the lake's tables as on a database's: changed and dropped ones are written back."""
        with duckdb.connect() as con:
            settle(con, set_already=())
            con.execute(f"attach ':memory:' as {quoted(_CATALOG)}; use {quoted(_CATALOG)}")
            self._load(con)
            con.execute(
                f"create schema if not exists {quoted(schema)}; use {quoted(_CATALOG)}.{quoted(schema)}"
            )
            before = _contents(con) if changes_something(sql) else None
            result = con.execute(sql)
            rows = {"one": result.fetchone, "all": result.fetchall}[fetch]() if fetch else None
            if before is not None:
                self._write_back(con, before)
            return rows

    def _load(self, con: duckdb.DuckDBPyConnection) -> None:
        for table in self.lake.manager.table_ids():
            scan = self.lake.manager.scan_sql(table)
            if scan is not None:
                schema = quoted(sql_name(table.namespace))
                con.execute(f"create schema if not exists {schema}")
                con.execute(f"create table {schema}.{quoted(table.name)} as {scan}")

    def _write_back(self, con: duckdb.DuckDBPyConnection, before: _Contents) -> None:
        after = _contents(con)
        for gone in before.keys() - after.keys():
            self.lake.plain().drop_table(tuple(self._id(*gone)))
        for schema, name in after:
            if after[schema, name] != before.get((schema, name)):
                table, sql = self._id(schema, name), f"select * from {quoted(schema)}.{quoted(name)}"
                self.run.write(con, table, sql, model=f"statement.{name}", mode="overwrite")
        self.publish()

    def _id(self, schema: str, name: str) -> TableId:
        return TableId(namespace_of(schema, product=PRODUCT, namespaces=self.lake.manager.namespaces()), name)


def _contents(con: duckdb.DuckDBPyConnection) -> _Contents:
    """Columns and rows of every table and view, by schema and name."""
    found: _Contents = {}
    for schema, name in con.execute(f"{_TABLES} union all {_VIEWS}").fetchall():
        result = con.execute(f"select * from {quoted(schema)}.{quoted(name)}")
        columns = [(str(column[0]), str(column[1])) for column in result.description or ()]
        found[schema, name] = columns, result.fetchall()
    return found


def runner_over(lake: SuiteLake) -> type[dbtRunner]:
    """dbt's own runner, each invocation published when it is over."""

    class Runner(dbtRunner):
        def invoke(self, args: list[str], **kwargs: Any) -> dbtRunnerResult:
            try:
                return super().invoke(args, **kwargs)
            finally:
                lake.publish()
                forget_events()

    return Runner
