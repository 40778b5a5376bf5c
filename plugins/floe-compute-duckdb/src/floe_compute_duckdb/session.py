"""What every DuckDB connection of floe has in common."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Iterable
from pathlib import Path

import duckdb

from floe_compute_duckdb.names import literal
from floe_core.errors import PluginError, Problem


def settle(connection: duckdb.DuckDBPyConnection, *, set_already: Iterable[str] = ()) -> None:
    """Give a fresh in-memory database floe's defaults, except for the settings named."""
    # a table that is not there must not turn out to be a Python variable of the same name
    connection.execute("set global python_enable_replacements = false")
    taken = {name.lower() for name in set_already}
    if "timezone" not in taken:
        connection.execute("set global timezone = 'UTC'")  # not the machine's: runs agree wherever they are
    if "temp_directory" not in taken:
        # where it spills to, made when it does; DuckDB's own choice is a folder in the working directory
        folder = Path(tempfile.gettempdir()) / f"floe-duckdb-{uuid.uuid4().hex}"
        connection.execute(f"set global temp_directory = {literal(str(folder))}")


def load_extensions(connection: duckdb.DuckDBPyConnection, extensions: Iterable[str]) -> None:
    """Load what models need; nothing is fetched here."""
    for extension in extensions:
        try:
            connection.load_extension(extension)
        except duckdb.Error as error:
            raise PluginError(
                Problem(
                    "FLOE-E221",
                    f"plugins.compute.config.extensions: '{extension}' cannot be loaded",
                    hint=f"python -c \"import duckdb; duckdb.install_extension('{extension}')\"",
                )
            ) from error
