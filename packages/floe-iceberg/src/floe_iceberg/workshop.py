"""A DuckDB to work in that is nobody's: in memory, in UTC, spilling into a folder of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import uuid4

import duckdb

from floe_iceberg.sql import literal


@contextmanager
def workshop() -> Iterator[duckdb.DuckDBPyConnection]:
    with closing(duckdb.connect(":memory:")) as con:
        spill = Path(tempfile.gettempdir()) / f"floe-maintenance-{uuid4().hex}"
        con.execute("SET timezone = 'UTC'")
        con.execute(f"SET temp_directory = {literal(str(spill))}")
        yield con
