"""A run: one transaction over many tables, on a branch that readers of main don't see."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import duckdb

from floe_core.errors import Problem, SpecError
from floe_core.lake import RunIdentity, Written
from floe_iceberg import part, writing
from floe_iceberg.alter import Alteration
from floe_iceberg.carried_layout import carried
from floe_iceberg.compaction import small_files
from floe_iceberg.docs import Docs
from floe_iceberg.evolve import OnSchemaChange
from floe_iceberg.file_shape import file_shape, keyed
from floe_iceberg.history import view_as_of
from floe_iceberg.layout import Layout
from floe_iceberg.part import Part
from floe_iceberg.publish import publish_all
from floe_iceberg.run_table import RunTable, base_of
from floe_iceberg.run_tables import RunTables
from floe_iceberg.table import TableId, TableView
from floe_iceberg.target import Target
from floe_iceberg.unreadable import reading_files
from floe_iceberg.writing import Query, WriteMode

if TYPE_CHECKING:
    from floe_iceberg.reader import TableReader


class RunTransaction:
    """The writes of one run, read back by the run alone until it publishes all of them at once.

    ``reuse`` names models whose writes by earlier attempts of the run stand; whatever else those wrote
    is as if it had never been. With ``branch`` the run works on top of what is on that branch, whoever
    wrote it. ``tmp`` is where its engines may spill. Safe to use from several threads; those that write
    one table wait for each other.
    """

    def __init__(
        self,
        manager: TableReader,
        identity: RunIdentity,
        reuse: Collection[str] = (),
        *,
        branch: str | None = None,
        tmp: Path | None = None,
    ) -> None:
        self.manager = manager
        self.identity = identity
        self.branch = branch or identity.branch
        self.tmp = tmp
        self._tables = RunTables(manager, self.branch, joins=branch is not None)
        self._written: dict[str, Written] = {}
        self._lock = threading.Lock()
        if reuse:
            adopted = self._tables.adopt(identity.run_id, frozenset(reuse))
            self._written = {model: _written(name, view) for model, (name, view) in adopted.items()}

    @property
    def written(self) -> Mapping[str, Written]:
        """The writes so far, reused ones included, by model."""
        with self._lock:
            return MappingProxyType(dict(self._written))

    def pin(
        self,
        tables: Sequence[tuple[str, str]],
        at: Mapping[tuple[str, str], int] = MappingProxyType({}),
    ) -> dict[tuple[str, str], int]:
        """See these tables, by namespace and name, as they are at one moment from now on; the snapshots.

        Looks twice: what is the same both times was there together in between, also where another run
        publishes several of them at once. Those in ``at`` are seen as of its snapshots; raises WorkError
        when one is gone.
        """
        then = {TableId(*table): snapshot_id for table, snapshot_id in at.items()}
        views = self._tables.pin([TableId(*table) for table in tables], then)
        return {(*name,): view.snapshot.snapshot_id for name, view in views.items() if view and view.snapshot}

    def view(self, table: TableId) -> TableView | None:
        """The table as the run sees it: as of the run's first look, or as its own last write left it."""
        entry = self._tables.entry(table)
        with entry.lock:
            return entry.view

    def write(
        self,
        con: duckdb.DuckDBPyConnection,
        table: TableId,
        sql: str,
        *,
        model: str,
        mode: WriteMode,
        unique_key: Sequence[str] = (),
        on_schema_change: OnSchemaChange = "ignore",
        properties: Mapping[str, str] = MappingProxyType({}),
        docs: Docs | None = None,
        partition_by: Sequence[str] | None = None,
        sort_by: Sequence[str] | None = None,
        replaces: Part | None = None,
    ) -> Written:
        """Run one SELECT into the table, on the run's branch.

        What DuckDB raises for the query is passed on, but for files of floe's own; nothing is committed
        then. ``properties`` and ``docs`` are the table's once the run is published. A table the run cannot
        see is made, whatever the mode. ``partition_by`` and ``sort_by`` (as in ``layout``) are the table's
        from then on, [] for none; None leaves them as they are. The rows of an append that ``replaces`` a
        part of the table, as ``part_with`` gave it, take the place of that part's; ConflictError if it is
        not as it was then.
        """
        entry = self._tables.entry(table)
        layout = Layout.of({"partition_by": partition_by, "sort_by": sort_by})
        with entry.lock, reading_files():
            pending = {
                **entry.properties,
                **properties,
                **(docs.properties if docs else {}),
                **keyed(unique_key),
            }
            target = self._target(table, entry, model, pending, layout.over(entry.layout))
            query = Query(
                con, sql, mode, unique_key, on_schema_change, docs.columns if docs else None, replaces
            )
            if entry.table is None:
                view = writing.create(target, query)
                entry.main, entry.schema_id = None, view.table.metadata.current_schema_id
            else:
                view = writing.change(target, query, entry.table, entry.view)
            entry.properties, entry.layout = pending, target.layout
            return self._note(table, entry, model, view)

    def part_with(
        self, con: duckdb.DuckDBPyConnection, table: TableId, keys: str, names: Sequence[str]
    ) -> Part:
        """The files that hold a row with any of the keys, a SELECT of columns of those names.

        Their rows can be changed outside of the table, then put back by ``write``.
        """
        entry = self._tables.entry(table)
        with entry.lock, reading_files():
            return part.holding(con, _visible(table, entry, "to take a part of"), keys, names)

    def delete(self, con: duckdb.DuckDBPyConnection, table: TableId, where: str, *, model: str) -> int:
        """Delete the rows that the condition is true for, on the run's branch; how many there were.

        As in SQL, a row for which the condition is NULL stays. What DuckDB raises for the condition is
        passed on; nothing is committed then.
        """
        entry = self._tables.entry(table)
        with entry.lock, reading_files():
            view = _visible(table, entry, "to delete from")
            target = self._target(table, entry, model)
            after, deleted = writing.delete(target, con, where, view.table, view)
            if deleted:
                self._note(table, entry, model, after)
            return deleted

    def alter(
        self,
        table: TableId,
        alteration: Alteration,
        *,
        model: str,
        partition_by: Sequence[str] | None = None,
        sort_by: Sequence[str] | None = None,
    ) -> Written:
        """Change the table's columns, and how files are laid out from now on; no file is rewritten."""
        entry = self._tables.entry(table)
        layout = Layout.of({"partition_by": partition_by, "sort_by": sort_by})
        with entry.lock:
            view = _visible(table, entry, "to change")
            numbers = count(view.table.metadata.last_column_id + 1)
            schema = alteration.applied(view.schema, lambda: next(numbers))
            kept = carried(entry.layout, view.schema, schema)
            target = self._target(table, entry, model, layout=layout.over(kept))
            after = writing.alter(target, schema, view.table, view)
            entry.layout = target.layout
            return self._note(table, entry, model, after)

    def roll_back(self, table: TableId, to: datetime | int | str, *, model: str) -> Written:
        """Make the table what it was at a time, a snapshot or a ref: rows and columns.

        By a snapshot on top of the present one, so that what is rolled back stays in the history.
        """
        entry = self._tables.entry(table)
        with entry.lock:
            view = _visible(table, entry, "to roll back")
            old = view_as_of(table, view.table, to)
            kept = carried(entry.layout, view.schema, old.schema)
            target = self._target(table, entry, model, layout=kept)
            after = writing.roll_back(target, old, view.table)
            entry.layout = target.layout
            return self._note(table, entry, model, after)

    def compact(
        self, con: duckdb.DuckDBPyConnection, table: TableId, *, model: str, target_bytes: int, min_files: int
    ) -> int:
        """Make few files of the table's small ones, on the run's branch; how many files went.

        Less than ``min_files`` small ones are left as they are.
        """
        entry = self._tables.entry(table)
        with entry.lock, reading_files():
            view = entry.view
            small = small_files(view, target_bytes=target_bytes, min_files=min_files) if view else []
            if view is None or not small:
                return 0
            target = self._target(table, entry, model)
            self._note(table, entry, model, writing.compact(target, con, small, view.table, view))
            return len(small)

    def publish(self) -> list[TableId]:
        """Make every table written since the last call what readers see, all or none; which they are.

        Raises ConflictError naming the tables that are not as the run saw them; nothing moved then.
        """
        pending = self._tables.written()
        if not pending:
            return []
        publications = [entry.publication(name) for name, entry in pending.items()]
        tables = publish_all(self.manager.catalog, self.branch, publications)
        for entry, table in zip(pending.values(), tables, strict=True):
            entry.published(table)
        return list(pending)

    def _note(self, table: TableId, entry: RunTable, model: str, view: TableView) -> Written:
        entry.now(view)
        written = _written(table, view)
        with self._lock:
            self._written[model] = written
        return written

    def _target(
        self,
        table: TableId,
        entry: RunTable,
        model: str,
        properties: Mapping[str, str] | None = None,
        layout: Layout | None = None,
    ) -> Target:
        layout = layout or entry.layout
        pending = entry.properties if properties is None else properties
        said = entry.summary(pending, layout)
        known = entry.table.metadata.properties if entry.table else {}
        shape = file_shape(entry.view, {**known, **pending})
        below = entry.view.snapshot if entry.view else None
        parent = below.snapshot_id if below else None
        summary = {**self.identity.summary(model), **said}
        return Target(self.manager.catalog, table, self.branch, parent, summary, layout, shape)


def _visible(name: TableId, entry: RunTable, purpose: str) -> TableView:
    if entry.view is None:
        raise SpecError(Problem("FLOE-E426", f"there is no table '{name}' {purpose}", hint="write it first"))
    return entry.view


def _written(name: TableId, view: TableView) -> Written:
    assert view.snapshot is not None  # a write leaves one
    said = view.snapshot.summary.additional_properties if view.snapshot.summary else {}
    return Written(
        name.namespace,
        name.name,
        view.snapshot.snapshot_id,
        view.rows,
        size=int(said.get("total-files-size", 0)),
        snapshots=len(view.table.metadata.snapshots),
        added_rows=int(said.get("added-records", 0)),
        added_files=int(said.get("added-data-files", 0)),
        added_bytes=int(said.get("added-files-size", 0)),
        base_snapshot_id=base_of(view.snapshot),
    )
