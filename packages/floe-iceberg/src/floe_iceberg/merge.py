"""Keyed merges by copy-on-write: only the files that hold a key of the query are rewritten.

A row with a NULL in its key matches nothing, so it is always added. Delete and insert is a merge in which a
key may occur several times, and whose rows are wholly the query's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from uuid import uuid4

import duckdb
from pyiceberg.schema import Schema
from pyiceberg.table import FileScanTask
from pyiceberg.types import NestedField

from floe_core.errors import Problem, SpecError, WorkError
from floe_iceberg import pruning, scan
from floe_iceberg.file_shape import ROW_GROUP
from floe_iceberg.schema import duckdb_type
from floe_iceberg.sql import identifier


@dataclass(frozen=True)
class Source:
    """The query's rows, kept in a temporary table: ``target``'s columns that it has, called by field id.

    With ``updates`` a column the query has not keeps its value where the key was there already.
    """

    name: str
    rows: int
    target: Schema
    keys: Sequence[NestedField]
    columns: frozenset[int]
    updates: bool

    def matches(self, other: str) -> str:
        """The condition that a row of ``other``, columns called by field id, has the source's key."""
        return " AND ".join(f"s.{scan.alias(key)} = {other}.{scan.alias(key)}" for key in self.keys)


@contextmanager
def evaluated(
    con: duckdb.DuckDBPyConnection,
    query: str,
    names: Sequence[str],
    target: Schema,
    unique_key: Sequence[str],
    *,
    updates: bool,
) -> Iterator[Source]:
    """Run the query once and keep its rows, ``names`` being its columns, until the merge is done.

    Raises WorkError when a key to be updated occurs several times.
    """
    found = [_key(target, names, key) for key in unique_key]
    keys = list({key.field_id: key for key in found}.values())  # one may be named twice, in another case
    fields = [(name, _field(target, name)) for name in names]
    columns = [(name, field) for name, field in fields if field]
    table = identifier(f"__floe_source_{uuid4().hex}")
    select = ", ".join(
        f"CAST({identifier(name)} AS {duckdb_type(field.field_type)}) AS {scan.alias(field)}"
        for name, field in columns
    )
    kept = con.execute(f"CREATE TEMP TABLE {table} AS SELECT {select} FROM (\n{query}\n)")
    try:
        [rows] = kept.fetchall()[0]
        source = Source(table, rows, target, keys, frozenset(field.field_id for _, field in columns), updates)
        if updates:
            _refuse_duplicates(con, source)
        yield source
    finally:
        with suppress(duckdb.TransactionException):  # an aborted transaction takes the table with it
            con.execute(f"DROP TABLE IF EXISTS {table}")


def touched_files(
    con: duckdb.DuckDBPyConnection, source: Source, base: Schema, files: Sequence[FileScanTask]
) -> list[FileScanTask]:
    """The files that hold a row with a key of the source."""
    keys = [(key, _base_field(base, key)) for key in source.keys]
    candidates = pruning.candidates(con, source.name, keys, base, files)
    if not candidates:
        return []
    found = con.execute(
        f"SELECT DISTINCT o.file FROM ({_rekeyed(source, Schema(*(old for _, old in keys)), candidates)}) o "
        f"SEMI JOIN {source.name} s ON {source.matches('o')}"
    ).fetchall()
    paths = {path for (path,) in found}
    return [task for task in candidates if scan.readable_path(task.file.file_path) in paths]


def merged(source: Source, base: Schema, touched: Sequence[FileScanTask]) -> str:
    """The touched files' rows whose keys are not in the source, and all of the source's."""
    new = _new_rows(source, base, touched)
    if not touched:
        return new
    return (
        f"SELECT * FROM ({converted(source.target, base, touched)}) o "
        f"ANTI JOIN {source.name} s ON {source.matches('o')} UNION ALL {new}"
    )


def in_order(keys: Sequence[NestedField], rows: int, select: str) -> str:
    """The rows by key, if they are few: then files of neighbours come of it, of which later merges touch few.

    So many as several threads write would be put into files by turns anyway.
    """
    if rows > ROW_GROUP:
        return select
    return f"SELECT * FROM ({select}) ORDER BY {', '.join(scan.alias(key) for key in keys)}"


def converted(target: Schema, base: Schema, files: Sequence[FileScanTask]) -> str:
    """The files' rows in the target's columns, called by the target's field ids."""
    columns = ", ".join(_cast_from(base, field) for field in target.fields)
    return f"SELECT {columns} FROM ({scan.rows(base, files)})"


def _new_rows(source: Source, base: Schema, touched: Sequence[FileScanTask]) -> str:
    """The source's rows in the target's columns."""
    carried = [field for field in source.target.fields if field.field_id not in source.columns]
    if not carried or not touched or not source.updates:
        columns = ", ".join(
            scan.alias(field)
            if field.field_id in source.columns
            else f"NULL::{duckdb_type(field.field_type)} AS {scan.alias(field)}"
            for field in source.target.fields
        )
        return f"SELECT {columns} FROM {source.name}"
    keys = ", ".join(scan.alias(key) for key in source.keys)
    columns = ", ".join(
        f"{'s' if field.field_id in source.columns else 'o'}.{scan.alias(field)}"
        for field in source.target.fields
    )
    old = f"SELECT DISTINCT ON ({keys}) * FROM ({converted(source.target, base, touched)})"
    return f"SELECT {columns} FROM {source.name} s LEFT JOIN ({old}) o ON {source.matches('o')}"


def _cast_from(base: Schema, field: NestedField) -> str:
    old = _field(base, field.name)
    value = scan.alias(old) if old else "NULL"
    return f"CAST({value} AS {duckdb_type(field.field_type)}) AS {scan.alias(field)}"


def _rekeyed(source: Source, keys: Schema, files: Sequence[FileScanTask]) -> str:
    columns = ", ".join(_cast_from(keys, key) for key in source.keys)
    return f"SELECT {columns}, file FROM ({scan.with_file_names(keys, files)})"


def _refuse_duplicates(con: duckdb.DuckDBPyConnection, source: Source) -> None:
    columns = ", ".join(scan.alias(key) for key in source.keys)
    complete = " AND ".join(f"{scan.alias(key)} IS NOT NULL" for key in source.keys)
    values = ", ".join(f"CAST({scan.alias(key)} AS VARCHAR)" for key in source.keys)
    found = con.execute(
        f"SELECT {values}, count(*) FROM {source.name} WHERE {complete} "
        f"GROUP BY {columns} HAVING count(*) > 1 ORDER BY ALL LIMIT 1"
    ).fetchone()
    if not found:
        return
    *key, times = found
    told = ", ".join(f"{field.name} = '{value}'" for field, value in zip(source.keys, key, strict=True))
    raise WorkError(
        Problem(
            "FLOE-E522",
            f"the query returns the unique key {told} {times} times",
            hint="make the query return one row a key, or name more columns in unique_key",
        )
    )


def _key(target: Schema, names: Sequence[str], key: str) -> NestedField:
    field = _field(target, key)
    if field is None or key.lower() not in (name.lower() for name in names):
        raise SpecError(
            Problem(
                "FLOE-E423",
                f"the unique key '{key}' is no column of the query and its table",
                hint=f"unique_key takes names of columns: {', '.join(names)}",
            )
        )
    return field


def _base_field(base: Schema, key: NestedField) -> NestedField:
    field = _field(base, key.name)
    if field is None:
        raise SpecError(
            Problem(
                "FLOE-E424",
                f"the table has no column '{key.name}' yet, so it cannot be its unique key",
                hint="run with --full-refresh",
            )
        )
    return field


def _field(schema: Schema, name: str) -> NestedField | None:
    return next((field for field in schema.fields if field.name.lower() == name.lower()), None)
