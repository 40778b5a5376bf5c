"""Reading statements over the published tables, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import product
from pathlib import Path
from urllib.parse import unquote, urlsplit

import duckdb

from floe_compute_duckdb.json_values import json_value
from floe_compute_duckdb.names import last_part, literal, mentioned_paths, missing_table, quoted, sql_name
from floe_compute_duckdb.share import Limits, reader
from floe_core.errors import PluginError, Problem, SpecError
from floe_core.inlined_views import InlinedView
from floe_core.lake import Lake
from floe_core.plugins.compute import Column, QueryResult
from floe_core.suggestion import did_you_mean
from floe_iceberg import IcebergTableManager, TableId, unreadable

READ_ONLY = "only one reading statement is allowed: SELECT, FROM, WITH, VALUES, DESCRIBE, SUMMARIZE or SHOW"


def query(
    lake: Lake,
    sql: str,
    *,
    schema: str | None,
    as_of: datetime | int | str | None = None,
    run_id: str | None = None,
    views: Sequence[InlinedView] = (),
    limits: Limits | None = None,
    tmp: Path | None = None,
) -> QueryResult:
    """Run the statement over views of the tables it names, with every other file out of reach."""
    if not isinstance(lake, IcebergTableManager):
        raise PluginError(Problem("FLOE-E220", f"compute 'duckdb' cannot read the catalog '{lake.name}'"))
    _refuse_writing(sql)
    if run_id is not None and not lake.unpublished(run_id):
        raise SpecError(
            Problem(
                "FLOE-E434",
                f"run '{run_id}' has left nothing unpublished",
                hint="what a run has published is what everybody reads; what failed is kept for a time only",
            )
        )
    with reader(limits or Limits(), tmp) as connection:
        tables = _Tables(lake, connection, schema, as_of, run_id, views)
        try:
            tables.attach(mentioned_paths(sql))
            _lock_up(connection, tables.places)
            connection.execute(sql)
            columns = tuple(Column(str(name), str(type_)) for name, type_, *_ in connection.description or ())
            rows = tuple(tuple(json_value(value) for value in row) for row in connection.fetchall())
        except duckdb.Error as error:
            raise unreadable(error) or SpecError(tables.problem(error)) from error
    return QueryResult(columns, rows)


def _refuse_writing(sql: str) -> None:
    try:
        statements = duckdb.extract_statements(sql)
    except duckdb.Error as error:
        raise SpecError(Problem("FLOE-E430", _first_line(error))) from error
    kinds = [statement.type for statement in statements]
    # PIVOT is two statements: a temporary enumeration of its values, then the query
    while len(kinds) > 1 and kinds[0] == duckdb.StatementType.CREATE and "pivot" in sql.lower():
        kinds.pop(0)
    if kinds != [duckdb.StatementType.SELECT]:
        raise SpecError(Problem("FLOE-E431", READ_ONLY, hint="tables are written by models: 'floe run'"))


def _lock_up(connection: duckdb.DuckDBPyConnection, places: Iterable[str]) -> None:
    """Let the statement open the files of its tables and no other, and change no setting."""
    folders = sorted({_folder(place) for place in places})
    connection.execute(f"set allowed_directories = [{', '.join(map(literal, folders))}]")
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")


def _folder(place: str) -> str:
    location = urlsplit(place)
    return (str(Path(unquote(location.path))) if location.scheme in ("", "file") else place) + "/"


class _Tables:
    """The tables this reader sees as views, in schemas spelled as SQL spells namespaces."""

    def __init__(
        self,
        lake: IcebergTableManager,
        connection: duckdb.DuckDBPyConnection,
        schema: str | None,
        as_of: datetime | int | str | None,
        run_id: str | None,
        views: Sequence[InlinedView],
    ) -> None:
        self._lake = lake
        self._as_of = as_of
        self._run_id = run_id
        self._connection = connection
        self._namespaces = {sql_name(name).lower(): name for name in lake.namespaces()}
        self._home = schema.lower() if schema else None
        self._ids: dict[str, dict[str, TableId]] = {}
        self._views = {(view.schema.lower(), view.name.lower()): view for view in views}
        self.places: list[str] = []
        connection.execute(f"attach ':memory:' as {quoted(lake.name)}")
        connection.execute(f"use {quoted(lake.name)}")
        for name in self._namespaces:
            connection.execute(f"create schema if not exists {quoted(name)}")
        if self._home:
            connection.execute(f"create schema if not exists {quoted(self._home)}")
            connection.execute(f"use {quoted(lake.name)}.{quoted(self._home)}")

    def attach(
        self,
        paths: set[tuple[str, ...]],
        home: str | None = None,
        within: frozenset[tuple[str, str]] = frozenset(),
    ) -> None:
        """Make a view of each table; names without a schema are of ``home``, else of the reader's own.

        ``within`` are the inlined views that are just being made: here their names mean something else.
        """
        for schema, name in {self._schema_and_name(path, home or self._home) for path in paths} - within:
            if view := self._views.get((schema, name)):
                self._inline(view, within | {(schema, name)})
                continue
            table = self._in(schema).get(name)
            scan = self._scan(table) if table else None
            if table is not None and scan is not None:
                self._lake.authorize(self._connection)
                self.places.append(self._lake.location(table))
                self._connection.execute(f"create or replace view {quoted(schema)}.{quoted(name)} as {scan}")

    def _inline(self, view: InlinedView, within: frozenset[tuple[str, str]]) -> None:
        self.attach(mentioned_paths(view.sql), view.schema.lower(), within)
        others = {name for _, name in within} - {view.name.lower()}
        self._connection.execute(f"use {quoted(self._lake.name)}.{quoted(view.schema)}")
        try:
            self._connection.execute(f"create or replace view {quoted(view.name)} as (\n{view.sql}\n)")
        except duckdb.CatalogException as error:
            if last_part(missing_table(str(error)) or "") not in others:
                raise
            # it reads one of those, so they do not read it: its name is one of their own there
        finally:
            self._connection.execute(f"use {quoted(self._lake.name)}.{quoted(self._home or 'main')}")

    def problem(self, error: duckdb.Error) -> Problem:
        """What is wrong with the statement; a table that is not there is looked for."""
        message = _first_line(error)
        missing = missing_table(message)
        if missing is None:
            return Problem("FLOE-E430", message)
        last = last_part(missing)  # unless the name itself has a dot
        for name, schema in product((missing, last), self._namespaces):
            if name in self._in(schema):
                return self._unreached(schema, name)
        missing = last
        known = {f"{schema}.{name}" for schema in self._namespaces for name in self._in(schema)}
        known |= {f"{schema}.{name}" for schema, name in self._views}
        names = known | {name.partition(".")[2] for name in known if name.partition(".")[0] == self._home}
        return Problem("FLOE-E432", f"no table named '{missing}'", hint=did_you_mean(missing, names))

    def _unreached(self, schema: str, name: str) -> Problem:
        if self._scan(self._in(schema)[name]) is None:
            return Problem(
                "FLOE-E433", f"table '{schema}.{name}' is not published yet", hint="'floe run' publishes it"
            )
        return Problem("FLOE-E432", f"no table named '{name}' here", hint=f"did you mean '{schema}.{name}'?")

    def _scan(self, table: TableId) -> str | None:
        return self._lake.scan_sql(table, as_of=self._as_of, run_id=self._run_id)

    def _in(self, schema: str) -> dict[str, TableId]:
        if schema not in self._ids:
            namespace = self._namespaces.get(schema)
            ids = self._lake.table_ids([namespace]) if namespace else []
            self._ids[schema] = {table.name.lower(): table for table in ids}
        return self._ids[schema]

    def _schema_and_name(self, path: tuple[str, ...], home: str | None) -> tuple[str, str]:
        lowered = [part.lower() for part in path]
        if len(lowered) > 1 and lowered[0] == self._lake.name.lower() and lowered[0] not in self._namespaces:
            lowered.pop(0)
        if len(lowered) == 1:
            return home or "", lowered[0]
        return lowered[0], lowered[1]


def _first_line(error: duckdb.Error) -> str:
    """DuckDB's message, its kind of error left out; candidates stay, the excerpt of the statement too.

    The excerpt is the line that is wrong, with a caret below the place.
    """
    said, _, excerpt = str(error).partition("\n\nLINE ")
    lines = [line for line in said.splitlines() if line.strip()]
    lines[0] = re.sub(r"^(Parser|Binder|Catalog) Error: ", "", lines[0])
    if excerpt:
        lines += [f"  {line}" for line in f"LINE {excerpt}".splitlines()[:2]]
    return "\n".join(lines)
