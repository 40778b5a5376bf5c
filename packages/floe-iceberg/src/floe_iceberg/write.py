"""Writing: a SELECT becomes parquet files of one directory, on disk and described for a commit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any
from uuid import uuid4

import duckdb
import pyarrow.parquet as parquet
from pyiceberg.io.pyarrow import (
    compute_statistics_plan,
    data_file_statistics_from_parquet_metadata,
    parquet_path_to_id_mapping,
)
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.schema import Schema
from pyiceberg.table.sorting import SortOrder
from pyiceberg.typedef import Record
from pyiceberg.types import IcebergType, ListType, MapType, StructType

from floe_iceberg import scan
from floe_iceberg.directory import Directory, NewFile
from floe_iceberg.durable import cannot_store
from floe_iceberg.file_shape import FileShape
from floe_iceberg.layout import Placed
from floe_iceberg.partition_key import with_keys
from floe_iceberg.scan import alias
from floe_iceberg.sql import identifier, literal, path_list


def copy(
    con: duckdb.DuckDBPyConnection,
    query: str,
    schema: Schema,
    directory: Directory,
    placed: Placed,
    shape: FileShape,
    *,
    whole: bool = False,
) -> list[DataFile]:
    """Run the query into new files; its columns have the schema's types and are called by field id.

    ``whole`` says that they are all of a table's: then each thread may have files of its own.

    What DuckDB raises for the query itself is passed on as it is.
    """
    directory.make()
    columns = _named(schema)
    options = (
        f"FORMAT parquet, {shape.options}, FIELD_IDS {_field_ids(schema)}, RETURN_STATS{directory.options}"
    )
    plain, keys = options, list[str]()
    if placed.spec.is_unpartitioned():
        options += f", FILE_SIZE_BYTES {shape.full}"
        if whole and shape.is_small and not placed.order.fields:
            options += ", PER_THREAD_OUTPUT true"  # else they wait for each other at the end of every file
    else:
        query, keys = with_keys(query, placed.spec, schema, alias)
        partition = _free_name(schema)
        # a number in the place of the keys: those may be text of any length, in the name of a folder
        columns += f", hash({', '.join(f'q.{key}' for key in keys)}) AS {identifier(partition)}"
        options += f", PARTITION_BY ({identifier(partition)}), WRITE_PARTITION_COLUMNS false"
    with _disk_errors_of(directory):
        written = con.execute(
            f"COPY (SELECT {columns} FROM ({query}) q{_ordered(placed.order)}) "
            f"TO {literal(directory.path)} ({options})"
        ).fetchall()
        if keys:
            written = _reworked(con, written, schema, directory, placed.order, plain, shape)
    files = directory.stored(written)
    with _disk_errors_of(directory):
        partitions = _partitions(con, files, schema, placed) if keys else {}
    return [
        _data_file(file, directory.footer(file), schema, placed, partitions.get(file.path, Record()))
        for file in files
    ]


def _reworked(
    con: duckdb.DuckDBPyConnection,
    written: Sequence[tuple[Any, ...]],
    schema: Schema,
    directory: Directory,
    order: SortOrder,
    options: str,
    shape: FileShape,
) -> list[tuple[Any, ...]]:
    """The written files, too large ones cut up and unordered ones sorted.

    DuckDB makes one file a partition, of whatever size; several threads put their ordered rows into it by
    turns, one of them those of what is no more than a row group.
    """
    unordered = bool(order.fields) and sum(rows for _, rows, *_ in written) > shape.row_group
    done: list[tuple[Any, ...]] = []
    for file in written:
        name, rows, size, *_ = file
        if size <= shape.bytes * 3 // 2 and not (unordered and rows > 1):
            done.append(file)
            continue
        columns = ", ".join(f"{identifier(field.name)} AS {alias(field)}" for field in schema.fields)
        query = f"SELECT {columns} FROM read_parquet({path_list([name])}, hive_partitioning=false)"
        done.append((name, 0, size))  # as one without rows it is removed
        if not order.fields:
            place = f"{directory.path}/{uuid4().hex}"
            done += con.execute(
                f"COPY (SELECT {_named(schema)} FROM ({query}) q) TO {literal(place)} "
                f"({options}, FILE_SIZE_BYTES {shape.full})"
            ).fetchall()
            continue
        parts = max(1, size // shape.bytes)
        done += _cut_in_order(con, query, schema, directory, order, options, rows, parts)
    return done


def _cut_in_order(
    con: duckdb.DuckDBPyConnection,
    query: str,
    schema: Schema,
    directory: Directory,
    order: SortOrder,
    options: str,
    rows: int,
    parts: int,
) -> list[tuple[Any, ...]]:
    """The rows in order, as so many files: a limit of size would have the threads deal them out."""

    def written(source: str, ordered: str = "") -> tuple[Any, ...]:
        place = literal(f"{directory.path}/{uuid4().hex}.parquet")
        [file] = con.execute(
            f"COPY (SELECT {_named(schema)} FROM ({source}) q{ordered}) TO {place} ({options})"
        ).fetchall()
        return tuple(file)

    whole = written(query, _ordered(order))
    if parts == 1:
        return [whole]
    step = -(-rows // parts)
    columns = ", ".join(f"{identifier(field.name)} AS {alias(field)}" for field in schema.fields)
    source = f"SELECT {columns} FROM read_parquet({path_list([whole[0]])}, file_row_number=true)"
    slices = (f"file_row_number >= {at} AND file_row_number < {at + step}" for at in range(0, rows, step))
    return [*(written(f"{source} WHERE {part}") for part in slices), (whole[0], 0, *whole[2:])]


def _named(schema: Schema) -> str:
    return ", ".join(f"q.{alias(field)} AS {identifier(field.name)}" for field in schema.fields)


def _free_name(schema: Schema) -> str:
    taken = {field.name.lower() for field in schema.fields}
    return next(name for number in count() if (name := f"floe_partition_{number}") not in taken)


def _ordered(order: SortOrder) -> str:
    terms = ", ".join(
        f"q.c{field.source_id} {field.direction.name} {field.null_order.name.replace('_', ' ')}"
        for field in order.fields
    )
    return f" ORDER BY {terms}" if terms else ""


def _partitions(
    con: duckdb.DuckDBPyConnection, files: list[NewFile], schema: Schema, placed: Placed
) -> dict[str, Record]:
    """The partition of each file, told by its first row: all of a file's rows are of one partition."""
    if not files:
        return {}
    rows = scan.first_rows(schema, [file.path for file in files])
    query, keys = with_keys(rows, placed.spec, schema, alias)
    found = con.execute(f"SELECT file, {', '.join(keys)} FROM ({query})").fetchall()
    return {path: Record(*values) for path, *values in found}


def _data_file(
    new: NewFile, footer: parquet.FileMetaData, schema: Schema, placed: Placed, partition: Record
) -> DataFile:
    file = DataFile.from_args(
        content=DataFileContent.DATA,
        file_path=new.location,
        file_format=FileFormat.PARQUET,
        partition=partition,
        file_size_in_bytes=new.size,
        sort_order_id=placed.order.order_id or None,
        equality_ids=None,
        key_metadata=None,
        **_statistics(footer, schema),
    )
    file.spec_id = placed.spec.spec_id
    return file


def _statistics(footer: parquet.FileMetaData, schema: Schema) -> dict[str, Any]:
    """Counts and bounds of the columns; counts alone where a bound is a date Python cannot express."""
    try:
        return _statistics_with(footer, schema, {})
    except (OverflowError, ValueError):
        return _statistics_with(footer, schema, {"write.metadata.metrics.default": "counts"})


def _statistics_with(
    footer: parquet.FileMetaData, schema: Schema, properties: dict[str, str]
) -> dict[str, Any]:
    statistics = data_file_statistics_from_parquet_metadata(
        parquet_metadata=footer,
        stats_columns=compute_statistics_plan(schema, properties),
        parquet_column_mapping=parquet_path_to_id_mapping(schema),
    )
    return statistics.to_serialized_dict()


def _field_ids(schema: Schema) -> str:
    entries = (f"{literal(f.name)}: {_ids(f.field_id, f.field_type)}" for f in schema.fields)
    return "{" + ", ".join(entries) + "}"


def _ids(field_id: int, kind: IcebergType) -> str:
    match kind:
        case StructType():
            inner = {f.name: _ids(f.field_id, f.field_type) for f in kind.fields}
        case ListType():
            inner = {"element": _ids(kind.element_id, kind.element_type)}
        case MapType():
            inner = {
                "key": _ids(kind.key_id, kind.key_type),
                "value": _ids(kind.value_id, kind.value_type),
            }
        case _:
            return str(field_id)
    members = "".join(f", {literal(name)}: {ids}" for name, ids in inner.items())
    return f"{{__duckdb_field_id: {field_id}{members}}}"


@contextmanager
def _disk_errors_of(directory: Directory) -> Iterator[None]:
    """Tell DuckDB's failure to write our files from a failure of the query to read its own."""
    try:
        yield
    except duckdb.IOException as error:
        place = directory.path.rpartition("://")[2]  # of an object DuckDB tells the store's address of it
        if place not in str(error):
            raise
        raise cannot_store(directory.path, str(error).splitlines()[0]) from error
