"""Deleting rows by copy-on-write, with SQL's meaning of a condition: a row it is NULL for stays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
from pyiceberg.table import FileScanTask

from floe_iceberg import scan
from floe_iceberg.sql import identifier
from floe_iceberg.table import TableId, TableView

_FILE = identifier("floe file")


@dataclass(frozen=True)
class Deletion:
    """What a condition takes from a table: whole files, and rows of others."""

    whole: Sequence[FileScanTask]
    partly: Sequence[FileScanTask]
    rows: int  # the live rows of all these files

    @property
    def touched(self) -> list[FileScanTask]:
        return [*self.whole, *self.partly]


def find(con: duckdb.DuckDBPyConnection, name: TableId, view: TableView, where: str) -> Deletion:
    """Look which files hold rows the condition is true for; only their columns' bounds may be read.

    What DuckDB raises for the condition is passed on.
    """
    duckdb.SQLExpression(where)  # one expression, not a way out of the brackets around it
    scan.refuse_unreadable(view)
    if not view.files:
        con.execute(f"SELECT 1 FROM ({scan.select(view)}) AS {identifier(name.name)} WHERE {_holds(where)}")
        return Deletion([], [], 0)
    matching = dict(_counts(con, name, view, view.files, where))
    touched = [task for task in view.files if _path(task) in matching]
    whole = [
        task for task in touched if not task.delete_files and matching[_path(task)] == task.file.record_count
    ]
    partly = [task for task in touched if task not in whole]
    partly = scan.with_companions(partly, view.files)
    deleted_from = [task for task in partly if task.delete_files]
    live = sum(count for _, count in _counts(con, name, view, deleted_from, "true")) if deleted_from else 0
    before = sum(task.file.record_count for task in [*whole, *partly] if not task.delete_files)
    return Deletion(whole, partly, live + before)


def remaining(name: TableId, view: TableView, where: str, files: Sequence[FileScanTask]) -> str:
    """A SELECT of the files' rows that stay, columns called by field id."""
    columns = ", ".join(f"{identifier(field.name)} AS {scan.alias(field)}" for field in view.schema.fields)
    rows = f"SELECT {scan.named(view.schema)} FROM ({scan.rows(view.schema, files)})"
    kept = f"SELECT * FROM ({rows}) AS {identifier(name.name)} WHERE {_holds(where)} IS NOT TRUE"
    return f"SELECT {columns} FROM ({kept})"


def _counts(
    con: duckdb.DuckDBPyConnection,
    name: TableId,
    view: TableView,
    files: Sequence[FileScanTask],
    where: str,
) -> list[tuple[str, int]]:
    """How many rows of each file the condition is true for; files without any are left out."""
    rows = scan.live_with_file_names(view.schema, files)
    return con.execute(
        f"SELECT {_FILE}, count(*) FROM (SELECT {scan.named(view.schema)}, file AS {_FILE} FROM ({rows})) "
        f"AS {identifier(name.name)} WHERE {_holds(where)} GROUP BY ALL"
    ).fetchall()


def _holds(where: str) -> str:
    return f"CAST((\n{where}\n) AS BOOLEAN)"


def _path(task: FileScanTask) -> str:
    return scan.readable_path(task.file.file_path)
