"""Tables of the lake as engines read them that know nothing of floe: the rows, sorted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import duckdb
from pyiceberg.table import Table
from pyiceberg.types import IcebergType, ListType, MapType, StructType

Rows = list[tuple[Any, ...]]


def with_pyiceberg(table: Table) -> Rows:
    """PyIceberg's rows; a map, which it gives as pairs, as a dict."""
    kinds = {field.name: field.field_type for field in table.schema().fields}
    found = table.scan().to_arrow().to_pylist()
    return sorted((tuple(_plain(row[name], kind) for name, kind in kinds.items()) for row in found), key=repr)


def with_duckdb(table: Table) -> Rows:
    """The rows that DuckDB's own iceberg extension reads, from nothing but the table's metadata file."""
    with _iceberg_extension() as con:
        return sorted(con.execute(*_scan(table)).fetchall(), key=repr)


def duckdb_types(table: Table) -> dict[str, str]:
    """The columns as DuckDB's iceberg extension names their types."""
    with _iceberg_extension() as con:
        return {name: str(kind) for name, kind, *_ in con.execute(*_scan(table)).description or ()}


def _scan(table: Table) -> tuple[str, list[str]]:
    return "select * from iceberg_scan(?)", [unquote(urlparse(table.metadata_location).path)]


@contextmanager
def _iceberg_extension() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as con:
        for name in ("avro", "iceberg"):
            package = Path(str(files(f"duckdb_extension_{name}")))
            [file] = package.glob(f"extensions/*/{name}.duckdb_extension")
            con.load_extension(str(file))
        con.execute("set timezone = 'UTC'")
        yield con


def _plain(value: Any, kind: IcebergType) -> Any:
    if value is None:
        return None
    if isinstance(kind, ListType):
        return [_plain(each, kind.element_type) for each in value]
    if isinstance(kind, MapType):
        return {_plain(key, kind.key_type): _plain(each, kind.value_type) for key, each in value}
    if isinstance(kind, StructType):
        return {field.name: _plain(value[field.name], field.field_type) for field in kind.fields}
    return value
