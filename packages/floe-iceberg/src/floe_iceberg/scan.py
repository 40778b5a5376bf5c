"""Reading: a table's snapshot as one SELECT over its parquet files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import pyarrow.parquet as parquet
from pyiceberg.manifest import DataFile, FileFormat
from pyiceberg.schema import Schema
from pyiceberg.table import FileScanTask
from pyiceberg.types import NestedField

from floe_core.errors import Problem, WorkError
from floe_iceberg.file_io import local_path
from floe_iceberg.schema import duckdb_type
from floe_iceberg.sql import identifier, literal, path_list
from floe_iceberg.table import TableView

_NAME_MAPPING = "schema.name-mapping.default"
_FEW = 32  # files, of which opening each whenever a query is planned costs 3 ms together
_PLAIN_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)  # others are written in other letters by some writers


def select(view: TableView) -> str:
    """A SELECT of every row of the view, its columns named and typed as the table's."""
    refuse_unreadable(view)
    if _is_as_written(view):
        paths = path_list([readable_path(task.file.file_path) for task in view.files])
        options = f"hive_partitioning=false{_rows(task.file for task in view.files)}{_ends(view.files)}"
        return f"SELECT {_by_name(view.schema)} FROM read_parquet({paths}, {options})"
    return f"SELECT {named(view.schema)} FROM ({rows(view.schema, view.files)})"


def _is_as_written(view: TableView) -> bool:
    """Whether every file has all columns under their present names.

    Then they are read by name, which lets DuckDB plan with what their footers say of the columns.
    """
    fields, metadata = view.schema.fields, view.table.metadata
    return (
        bool(view.files)
        and len(metadata.schemas) == 1
        and _NAME_MAPPING not in metadata.properties
        and all(_PLAIN_NAME.fullmatch(field.name) and field.field_type.is_primitive for field in fields)
        and all(
            not task.delete_files
            and {field.field_id for field in fields} <= (task.file.value_counts or {}).keys()
            for task in view.files
        )
    )


def _rows(files: Iterable[DataFile]) -> str:
    """The option that tells DuckDB how many rows there are: it guesses badly, and orders joins by it."""
    return f", explicit_cardinality={sum(file.record_count for file in files)}"


def _ends(files: Sequence[FileScanTask]) -> str:
    """The option by which DuckDB knows the least and greatest values of columns over several files.

    It makes each plan open all of them, so that it is for few, and none that lie far away.
    """
    is_near = all(local_path(task.file.file_path) is not None for task in files)
    return ", union_by_name=true" if is_near and 1 < len(files) <= _FEW else ""


def _by_name(schema: Schema) -> str:
    columns = ((identifier(field.name), duckdb_type(field.field_type)) for field in schema.fields)
    return ", ".join(f"{name}::{type_} AS {name}" for name, type_ in columns)


def rows(schema: Schema, files: Sequence[FileScanTask]) -> str:
    """A SELECT of the files' live rows with columns called by field id, so that no names can clash."""
    whole = [task.file for task in files if not task.delete_files]
    parts = [_read(schema, whole)] if whole else []
    parts += [_without_deleted(schema, task) for task in files if task.delete_files]
    return " UNION ALL ".join(parts) or _nothing(schema)


def with_file_names(schema: Schema, files: Sequence[FileScanTask]) -> str:
    """A SELECT of the files' rows, deleted ones too, with the file's path as ``file``."""
    return _read(schema, [task.file for task in files], ", filename='file'", ", file")


def first_rows(schema: Schema, paths: Sequence[str]) -> str:
    """A SELECT of each file's first row, columns called by field id, with the file's path as ``file``."""
    options = ", filename='file', file_row_number=true"
    rows = _read_paths(schema, paths, options, ", file, file_row_number")
    return f"SELECT * FROM ({rows}) WHERE file_row_number = 0"


def live_with_file_names(schema: Schema, files: Sequence[FileScanTask]) -> str:
    """A SELECT of the files' live rows, with the file's path as ``file``."""
    whole = [task for task in files if not task.delete_files]
    parts = [with_file_names(schema, whole)] if whole else []
    parts += [
        f"SELECT *, {literal(readable_path(task.file.file_path))} AS file "
        f"FROM ({_without_deleted(schema, task)})"
        for task in files
        if task.delete_files
    ]
    return " UNION ALL ".join(parts)


def with_companions(chosen: Sequence[FileScanTask], files: Sequence[FileScanTask]) -> list[FileScanTask]:
    """The chosen files to rewrite; if rows of any are deleted by position, all such files with them.

    Then no delete file has anything left to delete, so that it can go and the table's totals stay true.
    """
    if not any(task.delete_files for task in chosen):
        return list(chosen)
    return [*chosen, *(task for task in files if task.delete_files and task not in chosen)]


def named(schema: Schema) -> str:
    """The columns of ``rows`` under the table's own names."""
    return ", ".join(f"{alias(field)} AS {identifier(field.name)}" for field in schema.fields)


def alias(field: NestedField) -> str:
    """What ``rows`` calls a column."""
    return f"c{field.field_id}"


def readable_path(location: str) -> str:
    """What DuckDB is to open for a file the table names."""
    path = local_path(location)
    return location if path is None else str(path)


def _read(schema: Schema, files: Sequence[DataFile], options: str = "", extra: str = "") -> str:
    paths = [readable_path(file.file_path) for file in files]
    return _read_paths(schema, paths, options + _rows(files), extra)


def _read_paths(schema: Schema, paths: Sequence[str], options: str, extra: str) -> str:
    columns = ", ".join(alias(field) for field in schema.fields)
    return (
        f"SELECT {columns}{extra} FROM read_parquet({path_list(paths)}, schema={_field_map(schema)}, "
        f"hive_partitioning=false{options})"
    )


def _field_map(schema: Schema) -> str:
    entries = (
        f"{field.field_id}: {{name: {literal(alias(field))}, "
        f"type: {literal(duckdb_type(field.field_type))}, default_value: NULL}}"
        for field in schema.fields
    )
    return f"MAP {{{', '.join(entries)}}}"


def _without_deleted(schema: Schema, task: FileScanTask) -> str:
    deletes = path_list(sorted(readable_path(file.file_path) for file in task.delete_files))
    return (
        f"SELECT * EXCLUDE (file_row_number) FROM "
        f"({_read(schema, [task.file], ', file_row_number=true', ', file_row_number')}) "
        f"WHERE file_row_number NOT IN (SELECT pos FROM read_parquet({deletes}) "
        f"WHERE file_path = {literal(task.file.file_path)})"
    )


def _nothing(schema: Schema) -> str:
    columns = ", ".join(f"NULL::{duckdb_type(field.field_type)} AS {alias(field)}" for field in schema.fields)
    return f"SELECT {columns} WHERE false"


def refuse_unreadable(view: TableView) -> None:
    """Refuse files whose rows would come out wrong rather than not at all."""
    for task in view.files:
        for file in (task.file, *task.delete_files):
            if file.file_format != FileFormat.PARQUET:
                raise _unreadable(file, f"its format is '{file.file_format}'")
    if any(field.initial_default is not None for field in view.schema.fields):
        raise WorkError(Problem("FLOE-E611", f"{view.table.name()} has columns with initial defaults"))
    if _NAME_MAPPING in view.table.metadata.properties:
        for task in view.files:
            _refuse_without_field_ids(view, task.file)


def _refuse_without_field_ids(view: TableView, file: DataFile) -> None:
    # DuckDB reads NULL where a file has no field ids; only tables with a name mapping may have such files
    with view.table.io.new_input(file.file_path).open() as stream:
        columns = parquet.read_schema(stream)
    if any(b"PARQUET:field_id" not in (column.metadata or {}) for column in columns):
        raise _unreadable(file, "it carries no field ids: it was added to the table, not written to it")


def _unreadable(file: DataFile, reason: str) -> WorkError:
    return WorkError(
        Problem(
            "FLOE-E610",
            f"cannot read '{readable_path(file.file_path)}': {reason}",
            hint="rewrite the table with the tool that made the file",
        )
    )
