"""A DuckDB to work in that is nobody's: in memory, in UTC, spilling into a folder of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import duckdb

from floe_iceberg.seat import seated
from floe_iceberg.sql import literal


@contextmanager
def workshop(tmp: Path | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """It spills below ``tmp``, else where this machine keeps what is temporary."""
    folder = tmp or Path(tempfile.gettempdir()) / "floe"
    with seated(folder) as spill, closing(duckdb.connect(":memory:")) as con:
        con.execute("SET timezone = 'UTC'")
        con.execute(f"SET temp_directory = {literal(str(spill))}")
        yield con
