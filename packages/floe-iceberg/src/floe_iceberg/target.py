"""Where a write of one table goes: its files into a directory of their own, then a commit on the branch."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from uuid import uuid4

import duckdb
from pyiceberg.manifest import DataFile
from pyiceberg.schema import Schema
from pyiceberg.table import FileScanTask, Table
from pyiceberg.table.locations import load_location_provider

from floe_core.errors import WorkError
from floe_iceberg.catalog import TableCatalog, UnknownOutcome
from floe_iceberg.commit import Change, commit_change, draft_metadata
from floe_iceberg.directory import Directory
from floe_iceberg.file_shape import FileShape
from floe_iceberg.layout import Layout, Placed
from floe_iceberg.table import TableId, TableView
from floe_iceberg.tracing import step
from floe_iceberg.write import copy

_LONGEST = 200  # bytes; most disks take 255 for the name of a folder


@dataclass(frozen=True)
class Target:
    """Where a write goes: onto the branch, on top of the snapshot ``parent``, in files of the layout."""

    catalog: TableCatalog
    name: TableId
    branch: str
    parent: int | None
    summary: Mapping[str, str]
    layout: Layout
    shape: FileShape

    def draft(self, schema: Schema) -> Table:
        """A table that is nowhere yet, in a place of its name, or of one that would survive in a URI."""
        namespace, name = self.name
        self.catalog.ensure_namespace(namespace)
        plain = re.sub(r"[^\w.\- ]", "_", name)
        plain = plain.encode()[:_LONGEST].decode(errors="ignore")
        if plain != name or not plain.strip("."):
            plain = f"{plain}-{uuid4().hex[:8]}"
        location, io = self.catalog.place(TableId(namespace, plain))
        return self.catalog.described(self.name, draft_metadata(schema, location), "", io)

    @contextmanager
    def written(
        self,
        con: duckdb.DuckDBPyConnection,
        select: str,
        schema: Schema,
        placed: Placed,
        table: Table,
        *,
        whole: bool = False,
    ) -> Iterator[list[DataFile]]:
        """The query's files, for the commit in the body; removed when it is certain that none names them."""
        metadata = table.metadata
        data = load_location_provider(metadata.location, metadata.properties).data_path
        directory = Directory.new(data, table.io)
        with ExitStack() as unfinished:
            unfinished.callback(directory.discard)
            with step("write", self.name, self.summary) as told:
                files = copy(con, select, schema, directory, placed, self.shape, whole=whole)
                told["floe.rows"] = sum(file.record_count for file in files)
                told["floe.bytes"] = sum(file.file_size_in_bytes for file in files)
                told["floe.files"] = len(files)
            unfinished.pop_all()
        try:
            yield files
        except WorkError as error:
            if not isinstance(error, UnknownOutcome):
                directory.discard()
            raise

    def commit(self, table: Table, change: Change) -> Table:
        with step("commit", self.name, self.summary):
            return commit_change(self.catalog, table, change, self.branch, self.parent, self.summary)

    def view(self, table: Table, files: Sequence[FileScanTask]) -> TableView:
        """The table as the branch has it now."""
        return TableView(table, table.metadata.snapshot_by_name(self.branch), files)
