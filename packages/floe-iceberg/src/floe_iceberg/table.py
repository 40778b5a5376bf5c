"""A table as one reader sees it: pinned to a snapshot, its files planned once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import NamedTuple

from pyiceberg.schema import Schema
from pyiceberg.table import DataScan, FileScanTask, Table
from pyiceberg.table.snapshots import Snapshot

from floe_core.errors import Problem, WorkError

UNPUBLISHED = "floe.published"  # 'false' on a table no run has published yet


class TableId(NamedTuple):
    """Where a table stands in the catalog."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}.{self.name}"


@contextmanager
def reading(name: TableId, location: str = "") -> Iterator[None]:
    """Tell metadata or manifests of a table that are gone, or that the machine does not let us read."""
    try:
        yield
    except OSError as error:
        gone = isinstance(error, FileNotFoundError)
        below = f" below '{location.removeprefix('file://')}'" if location else ""
        raise WorkError(
            Problem(
                "FLOE-E606",
                f"the table '{name}' is in the catalog, but its metadata{below} cannot be read: {error}",
                hint="bring its files back, or take it out of the catalog"
                if gone
                else "see to the disk, its rights and the limit of open files, then run again",
            )
        ) from error


class TableView:
    """``table`` as of ``snapshot``, with the schema that belongs to it; no snapshot, no rows.

    ``files`` spares planning when the writer of the snapshot knows them.
    """

    def __init__(
        self, table: Table, snapshot: Snapshot | None, files: Sequence[FileScanTask] | None = None
    ) -> None:
        self.table = table
        self.snapshot = snapshot
        if files is not None:
            self.__dict__["files"] = tuple(files)

    @classmethod
    def of_main(cls, table: Table) -> TableView:
        return cls(table, table.metadata.current_snapshot())

    def moved(self, table: Table, snapshot: Snapshot | None) -> TableView:
        """A view of the same files under another snapshot, planned if these are."""
        return TableView(table, snapshot, self.__dict__.get("files"))

    @cached_property
    def schema(self) -> Schema:
        """The snapshot's own schema on a branch; on main the table's current one."""
        metadata = self.table.metadata
        on_main = self.snapshot is None or self.snapshot.snapshot_id == metadata.current_snapshot_id
        if on_main or self.snapshot is None or self.snapshot.schema_id is None:
            return metadata.schema()
        return next(s for s in metadata.schemas if s.schema_id == self.snapshot.schema_id)

    @cached_property
    def files(self) -> tuple[FileScanTask, ...]:
        if self.snapshot is None:
            return ()
        scan = DataScan(
            table_metadata=self.table.metadata,
            io=self.table.io,
            snapshot_id=self.snapshot.snapshot_id,
        )
        *namespace, name = self.table.name()
        with reading(TableId(".".join(namespace), name), self.table.metadata.location):
            return tuple(scan.plan_files())

    @property
    def rows(self) -> int:
        return row_count(self.snapshot)


def is_unpublished(table: Table) -> bool:
    return table.metadata.properties.get(UNPUBLISHED) == "false"


def row_count(snapshot: Snapshot | None) -> int:
    """The live rows of a snapshot, from its summary."""
    if snapshot is None or snapshot.summary is None:
        return 0
    records = int(snapshot.summary["total-records"] or 0)
    return records - int(snapshot.summary["total-position-deletes"] or 0)
