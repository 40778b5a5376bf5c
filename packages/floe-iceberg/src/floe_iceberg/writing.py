"""What a write of one table does, from the query to the commit on the branch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Literal

import duckdb
from pyiceberg.manifest import DataFile
from pyiceberg.schema import Schema
from pyiceberg.table import FileScanTask, Table

from floe_core.errors import Problem, SpecError
from floe_iceberg import delete as deletion
from floe_iceberg import evolve, merge, scan
from floe_iceberg.commit import Change, commit_new
from floe_iceberg.conflict import Rivalry, conflict
from floe_iceberg.evolve import Columns, OnSchemaChange
from floe_iceberg.file_shape import unique_key
from floe_iceberg.layout import Placed
from floe_iceberg.merge import converted
from floe_iceberg.part import Part
from floe_iceberg.scan import alias
from floe_iceberg.schema import duckdb_type, iceberg_type
from floe_iceberg.sql import identifier
from floe_iceberg.table import TableView
from floe_iceberg.target import Target
from floe_iceberg.tracing import step
from floe_iceberg.unfit import told_by_name

WriteMode = Literal["overwrite", "append", "merge", "delete+insert"]


@dataclass(frozen=True)
class Query:
    """One SELECT on the connection whose views it reads, and how it goes into its table."""

    con: duckdb.DuckDBPyConnection
    sql: str
    mode: WriteMode
    unique_key: Sequence[str]
    on_schema_change: OnSchemaChange
    docs: Mapping[str, str] | None
    replaces: Part | None = None

    def columns(self) -> Columns:
        described = self.con.execute(f"SELECT * FROM (\n{self.sql}\n) LIMIT 0").description
        return [(name, iceberg_type(kind, column=name)) for name, kind, *_ in described]


def create(target: Target, query: Query) -> TableView:
    """Write a table that isn't there yet; until it is published it shows nothing."""
    target.catalog.authorize(query.con)
    columns = query.columns()
    schema = evolve.fresh(columns, query.docs)
    draft = target.draft(schema)
    target.catalog.authorize(query.con)  # there too
    placed = target.layout.placed(draft.metadata, schema)
    select = _selected(query.sql, columns, schema)
    with target.written(query.con, select, schema, placed, draft, whole=True) as files:
        change = Change(schema, placed, files, "all")
        with step("commit", target.name, target.summary):
            table = commit_new(target.catalog, target.name, draft, change, target.branch, target.summary)
    return target.view(table, [FileScanTask(file) for file in files])


def change(target: Target, query: Query, table: Table, view: TableView | None) -> TableView:
    """Write a table that is there; ``view`` is what the run sees of it, None if nothing yet."""
    target.catalog.authorize(query.con)
    numbers = count(table.metadata.last_column_id + 1)
    columns = query.columns()
    if view is None or query.mode == "overwrite":
        base = view.schema if view else table.metadata.schema()
        schema = evolve.replaced(base, columns, query.docs, lambda: next(numbers))
        return _replace(target, query, table, _selected(query.sql, columns, schema), schema)
    evolution = evolve.extended(
        view.schema,
        columns,
        query.docs,
        lambda: next(numbers),
        query.on_schema_change,
        by_name=query.mode == "merge",
    )
    with told_by_name(view.schema, evolution.schema):
        return _added(target, query, table, view, evolution, columns)


def _added(
    target: Target,
    query: Query,
    table: Table,
    view: TableView,
    evolution: evolve.Evolution,
    columns: Columns,
) -> TableView:
    """The query's rows beside those that stay."""
    if query.mode in ("merge", "delete+insert"):
        return _merge(target, query, table, view, evolution, columns)
    new = _selected(query.sql, columns, evolution.schema)
    if query.replaces:
        return _put_back(target, query, table, view, new, evolution, query.replaces)
    if evolution.rewrite:
        old = converted(evolution.schema, view.schema, view.files)
        return _replace(target, query, table, f"{old} UNION ALL {new}", evolution.schema)
    return _extend(target, query, table, view, new, evolution.schema)


def _replace(target: Target, query: Query, table: Table, select: str, schema: Schema) -> TableView:
    placed = target.layout.placed(table.metadata, schema)
    with target.written(query.con, select, schema, placed, table, whole=True) as files:
        changed = target.commit(table, Change(schema, placed, files, "all"))
    return target.view(changed, [FileScanTask(file) for file in files])


def _extend(
    target: Target, query: Query, table: Table, view: TableView, select: str, schema: Schema
) -> TableView:
    placed = target.layout.placed(table.metadata, schema)
    with target.written(query.con, select, schema, placed, table) as files:
        changed = target.commit(table, Change(schema, placed, files))
    return target.view(changed, [*view.files, *map(FileScanTask, files)])


def _put_back(
    target: Target,
    query: Query,
    table: Table,
    view: TableView,
    select: str,
    evolution: evolve.Evolution,
    part: Part,
) -> TableView:
    if (view.snapshot.snapshot_id if view.snapshot else None) != part.snapshot_id:
        raise conflict({target.name: Rivalry()})
    taken = part.of(view.files)
    if evolution.rewrite:
        others = [task for task in view.files if task not in taken]
        old = converted(evolution.schema, view.schema, others)
        return _replace(target, query, table, f"{old} UNION ALL {select}", evolution.schema)
    placed = target.layout.placed(table.metadata, evolution.schema)
    with target.written(query.con, select, evolution.schema, placed, table) as files:
        return _rewritten(target, table, view, evolution.schema, placed, taken, files)


def _merge(
    target: Target,
    query: Query,
    table: Table,
    view: TableView,
    evolution: evolve.Evolution,
    columns: Columns,
) -> TableView:
    if not query.unique_key:
        raise SpecError(Problem("FLOE-E425", f"a {query.mode} needs a unique_key", hint="name its columns"))
    names, updates = [name for name, _ in columns], query.mode == "merge"
    key = query.unique_key
    with merge.evaluated(query.con, query.sql, names, evolution.schema, key, updates=updates) as source:
        touched = (
            list(view.files)
            if evolution.rewrite
            else merge.touched_files(query.con, source, view.schema, view.files)
        )
        touched = scan.with_companions(touched, view.files)
        rows = source.rows + sum(task.file.record_count for task in touched)
        select = merge.in_order(source.keys, rows, merge.merged(source, view.schema, touched))
        placed = target.layout.placed(table.metadata, evolution.schema)
        with target.written(query.con, select, evolution.schema, placed, table) as files:
            return _rewritten(target, table, view, evolution.schema, placed, touched, files)


def delete(
    target: Target, con: duckdb.DuckDBPyConnection, where: str, table: Table, view: TableView
) -> tuple[TableView, int]:
    """Delete the rows the condition is true for, and count them; nothing is committed for none."""
    target.catalog.authorize(con)
    found = deletion.find(con, target.name, view, where)
    if not found.touched:
        return view, 0
    placed = target.layout.placed(table.metadata, view.schema)
    if not found.partly:
        return _rewritten(target, table, view, view.schema, placed, found.whole, []), found.rows
    select = deletion.remaining(target.name, view, where, found.partly)
    with target.written(con, select, view.schema, placed, table) as files:
        after = _rewritten(target, table, view, view.schema, placed, found.touched, files)
    return after, found.rows - sum(file.record_count for file in files)


def alter(target: Target, schema: Schema, table: Table, view: TableView) -> TableView:
    """Change the columns; the snapshot of it adds no file, and carries the new schema."""
    placed = target.layout.placed(table.metadata, schema)
    changed = target.commit(table, Change(schema, placed, []))
    return view.moved(changed, changed.metadata.snapshot_by_name(target.branch))


def roll_back(target: Target, old: TableView, table: Table) -> TableView:
    """Make the table what it was at the snapshot, rows and columns, by a new snapshot on top."""
    placed = target.layout.placed(table.metadata, old.schema)
    changed = target.commit(table, Change(old.schema, placed, [], restored=old.snapshot))
    return old.moved(changed, changed.metadata.snapshot_by_name(target.branch))


def compact(
    target: Target,
    con: duckdb.DuckDBPyConnection,
    tasks: Sequence[FileScanTask],
    table: Table,
    view: TableView,
) -> TableView:
    """Put the rows of the files into as few as their size allows; no row changes."""
    target.catalog.authorize(con)
    scan.refuse_unreadable(view)
    select = scan.rows(view.schema, tasks)
    if keys := unique_key(view):
        select = merge.in_order(keys, sum(task.file.record_count for task in tasks), select)
    placed = target.layout.placed(table.metadata, view.schema)
    with target.written(con, select, view.schema, placed, table) as files:
        return _rewritten(target, table, view, view.schema, placed, tasks, files)


def _rewritten(
    target: Target,
    table: Table,
    view: TableView,
    schema: Schema,
    placed: Placed,
    touched: Sequence[FileScanTask],
    files: Sequence[DataFile],
) -> TableView:
    """Commit the files in the place of the touched ones."""
    removed = [task.file for task in touched]
    drop_delete_files = any(task.delete_files for task in touched)
    changed = target.commit(table, Change(schema, placed, files, removed, drop_delete_files))
    kept = [task for task in view.files if task not in touched]
    return target.view(changed, [*kept, *map(FileScanTask, files)])


def _selected(sql: str, columns: Columns, schema: Schema) -> str:
    """The query with its columns cast to the schema's and called by field id; those it lacks are NULL."""
    names = {name.lower(): name for name, _ in columns}
    parts = []
    for field in schema.fields:
        name = names.get(field.name.lower())
        value = identifier(name) if name is not None else "NULL"
        parts.append(f"CAST({value} AS {duckdb_type(field.field_type)}) AS {alias(field)}")
    return f"SELECT {', '.join(parts)} FROM (\n{sql}\n)"
