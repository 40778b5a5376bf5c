"""A part of a table that is worked over outside of it: the files that hold any of some keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
from pyiceberg.table import FileScanTask

from floe_iceberg import merge, scan
from floe_iceberg.table import TableView


@dataclass(frozen=True)
class Part:
    """``rows`` is a SELECT of the rows in the files, as they were in the snapshot."""

    snapshot_id: int | None
    paths: frozenset[str]
    rows: str

    def of(self, files: Sequence[FileScanTask]) -> list[FileScanTask]:
        return [task for task in files if task.file.file_path in self.paths]


def holding(con: duckdb.DuckDBPyConnection, view: TableView, keys: str, names: Sequence[str]) -> Part:
    """The part that holds any of the keys, a SELECT of the columns of those names; without names, no file.

    Every row of the table with such a key is in it, and so may be rows with other keys.
    """
    scan.refuse_unreadable(view)
    touched = _touched(con, view, keys, names) if names else []
    rows = f"SELECT {scan.named(view.schema)} FROM ({scan.rows(view.schema, touched)})"
    snapshot = view.snapshot.snapshot_id if view.snapshot else None
    return Part(snapshot, frozenset(task.file.file_path for task in touched), rows)


def _touched(
    con: duckdb.DuckDBPyConnection, view: TableView, keys: str, names: Sequence[str]
) -> list[FileScanTask]:
    with merge.evaluated(con, keys, names, view.schema, names, updates=False) as source:
        touched = merge.touched_files(con, source, view.schema, view.files)
    return scan.with_companions(touched, view.files)
