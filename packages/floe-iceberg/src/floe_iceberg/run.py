"""A run: one transaction over many tables, on a branch that readers of main don't see."""

from __future__ import annotations

import json
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

import duckdb
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot, ancestors_of

from floe_core.errors import ConflictError, Problem, SpecError
from floe_core.lake import RunIdentity, Written
from floe_iceberg import writing
from floe_iceberg.compaction import small_files
from floe_iceberg.evolve import OnSchemaChange
from floe_iceberg.layout import Layout
from floe_iceberg.publish import Publication, publish_all
from floe_iceberg.table import TableId, TableView, is_unpublished
from floe_iceberg.writing import Query, Target, WriteMode

if TYPE_CHECKING:
    from floe_iceberg.manager import IcebergTableManager

_BASE_SNAPSHOT = "floe.base-snapshot-id"
_BASE_SCHEMA = "floe.base-schema-id"
_PROPERTIES = "floe.table-properties"
_LAYOUT = "floe.layout"


@dataclass(frozen=True)
class Docs:
    """What a table and its columns mean: columns not named here lose what they had."""

    table: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass
class _Entry:
    """What the run knows of one table since its first look.

    ``table`` is there even if the run may not see it; ``main`` and ``schema_id`` are of the first look,
    ``layout`` is what models have asked for since.
    """

    table: Table | None = None
    view: TableView | None = None
    main: int | None = None
    schema_id: int = 0
    written: bool = False
    layout: Layout = field(default_factory=Layout)
    properties: dict[str, str] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


class RunTransaction:
    """The writes of one run, read back by the run alone until it publishes all of them at once.

    ``reuse`` names models whose writes by earlier attempts of the run stand; whatever else those wrote
    is as if it had never been. Safe to use from several threads; those that write one table wait for
    each other.
    """

    def __init__(
        self, manager: IcebergTableManager, identity: RunIdentity, reuse: Collection[str] = ()
    ) -> None:
        self.manager = manager
        self.identity = identity
        self._entries: dict[TableId, _Entry] = {}
        self._written: dict[str, Written] = {}
        self._lock = threading.Lock()
        if reuse:
            self._adopt(frozenset(reuse))

    @property
    def written(self) -> Mapping[str, Written]:
        """The writes so far, reused ones included, by model."""
        with self._lock:
            return MappingProxyType(dict(self._written))

    def view(self, table: TableId) -> TableView | None:
        """The table as the run sees it: as of the run's first look, or as its own last write left it."""
        entry = self._entry(table)
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
    ) -> Written:
        """Run one SELECT into the table, on the run's branch.

        What DuckDB raises for the query is passed on; nothing is committed then. ``properties`` and
        ``docs`` are the table's once the run is published. A table the run cannot see is made, whatever
        the mode. ``partition_by`` and ``sort_by`` (as in ``layout``) are the table's from then on, [] for
        none; None leaves them as they are.
        """
        entry = self._entry(table)
        layout = Layout.of({"partition_by": partition_by, "sort_by": sort_by})
        with entry.lock:
            pending = {**entry.properties, **properties, **_comment(docs)}
            target = self._target(table, entry, model, pending, layout.over(entry.layout))
            query = Query(con, sql, mode, unique_key, on_schema_change, docs.columns if docs else None)
            if entry.table is None:
                entry.view = writing.create(target, query)
                entry.main, entry.schema_id = None, entry.view.table.metadata.current_schema_id
            else:
                entry.view = writing.change(target, query, entry.table, entry.view)
            entry.table, entry.properties, entry.written = entry.view.table, pending, True
            entry.layout = target.layout
            written = _written(table, entry.view)
        with self._lock:
            self._written[model] = written
        return written

    def delete(self, con: duckdb.DuckDBPyConnection, table: TableId, where: str, *, model: str) -> int:
        """Delete the rows that the condition is true for, on the run's branch; how many there were.

        As in SQL, a row for which the condition is NULL stays. What DuckDB raises for the condition is
        passed on; nothing is committed then.
        """
        entry = self._entry(table)
        with entry.lock:
            if entry.table is None or entry.view is None:
                raise SpecError(
                    Problem("FLOE-E426", f"there is no table '{table}' to delete from", hint="write it first")
                )
            target = self._target(table, entry, model, entry.properties)
            entry.view, deleted = writing.delete(target, con, where, entry.table, entry.view)
            if deleted == 0:
                return 0
            entry.table, entry.written = entry.view.table, True
            written = _written(table, entry.view)
        with self._lock:
            self._written[model] = written
        return deleted

    def compact(
        self, con: duckdb.DuckDBPyConnection, table: TableId, *, model: str, target_bytes: int, min_files: int
    ) -> int:
        """Make few files of the table's small ones, on the run's branch; how many files went.

        Less than ``min_files`` small ones are left as they are.
        """
        entry = self._entry(table)
        with entry.lock:
            if entry.table is None or entry.view is None:
                return 0
            small = small_files(entry.view, target_bytes=target_bytes, min_files=min_files)
            if not small:
                return 0
            target = self._target(table, entry, model, entry.properties)
            entry.view = writing.compact(target, con, small, entry.table, entry.view)
            entry.table, entry.written = entry.view.table, True
            written = _written(table, entry.view)
        with self._lock:
            self._written[model] = written
        return len(small)

    def publish(self) -> None:
        """Make every table written since the last call what readers see, all or none.

        Raises ConflictError naming the tables that are not as the run saw them; nothing moved then.
        """
        with self._lock:
            pending = {name: entry for name, entry in sorted(self._entries.items()) if entry.written}
        publications = [_publication(name, entry) for name, entry in pending.items()]
        if not publications:
            return
        tables = publish_all(self.manager.catalog, self.identity.branch, publications)
        for entry, table in zip(pending.values(), tables, strict=True):
            files = entry.view.files if entry.view else None
            entry.table, entry.view = table, TableView(table, table.metadata.current_snapshot(), files)
            entry.main, entry.schema_id = table.metadata.current_snapshot_id, table.metadata.current_schema_id
            entry.written, entry.properties, entry.layout = False, {}, Layout()

    def _target(
        self,
        table: TableId,
        entry: _Entry,
        model: str,
        properties: Mapping[str, str],
        layout: Layout | None = None,
    ) -> Target:
        layout = layout or entry.layout
        summary = self.identity.summary(model)
        if entry.main is not None:
            summary[_BASE_SNAPSHOT] = str(entry.main)
        if entry.table is not None:
            summary[_BASE_SCHEMA] = str(entry.schema_id)
        if properties:
            summary[_PROPERTIES] = json.dumps(dict(properties), sort_keys=True)
        if layout != Layout():
            summary[_LAYOUT] = json.dumps(asdict(layout), sort_keys=True)
        below = entry.view.snapshot if entry.view else None
        parent = below.snapshot_id if below else None
        return Target(self.manager.catalog, table, self.identity.branch, parent, summary, layout)

    def _entry(self, name: TableId) -> _Entry:
        """What is known of the table, looked up at most once a run."""
        with self._lock:
            entry = self._entries.get(name)
        if entry is not None:
            return entry
        table = self.manager.catalog.load(name)
        found = self._seen(table) if table else _Entry()
        with self._lock:
            return self._entries.setdefault(name, found)

    def _seen(self, table: Table) -> _Entry:
        metadata = table.metadata
        hidden = is_unpublished(table)
        return _Entry(
            table=table,
            view=None if hidden else TableView.of_main(table),
            main=metadata.current_snapshot_id,
            schema_id=metadata.current_schema_id,
        )

    def _adopt(self, reuse: frozenset[str]) -> None:
        """Take over the tables on the run's branch that only models to reuse wrote."""
        for name in self.manager.table_ids():
            table = self.manager.catalog.load(name)
            if table is None:
                continue
            head = table.metadata.snapshot_by_name(self.identity.branch)
            writes = self._writes_of(table, head)
            if head is None or head.summary is None or not set(writes) <= reuse:
                continue
            base = head.summary[_BASE_SNAPSHOT]
            self._entries[name] = _Entry(
                table=table,
                view=TableView(table, head),
                main=int(base) if base else None,
                schema_id=int(head.summary[_BASE_SCHEMA] or 0),
                written=True,
                layout=Layout.of(json.loads(head.summary[_LAYOUT] or "{}")),
                properties=json.loads(head.summary[_PROPERTIES] or "{}"),
            )
            for model, snapshot in writes.items():
                self._written[model] = _written(name, TableView(table, snapshot))

    def _writes_of(self, table: Table, head: Snapshot | None) -> dict[str, Snapshot]:
        """The run's last write of each model to the table, found back from the branch's head."""
        found: dict[str, Snapshot] = {}
        for snapshot in ancestors_of(head, table.metadata):
            summary = snapshot.summary
            if summary is None or summary["floe.run-id"] != self.identity.run_id:
                break
            found.setdefault(str(summary["floe.model"]), snapshot)
        return found


def _publication(name: TableId, entry: _Entry) -> Publication:
    table, view = entry.table, entry.view
    assert table is not None
    assert view is not None
    assert view.snapshot is not None
    placed = entry.layout.placed(table.metadata, view.schema)
    return Publication(
        table=name,
        uuid=table.metadata.table_uuid,
        main=entry.main,
        schema_id=entry.schema_id,
        last_column_id=table.metadata.last_column_id,
        head=view.snapshot.snapshot_id,
        properties=entry.properties,
        spec_id=placed.spec.spec_id if entry.layout.partition_by is not None else None,
        order_id=placed.order.order_id if entry.layout.sort_by is not None else None,
    )


def _written(name: TableId, view: TableView) -> Written:
    assert view.snapshot is not None  # a write leaves one
    return Written(name.namespace, name.name, view.snapshot.snapshot_id, view.rows)


def _comment(docs: Docs | None) -> dict[str, str]:
    return {"comment": docs.table} if docs and docs.table else {}


_current: RunTransaction | None = None
_current_lock = threading.Lock()


def current_run() -> RunTransaction | None:
    """The run of this process; adapters ask here, since dbt's threads inherit no context."""
    return _current


@contextmanager
def running(transaction: RunTransaction) -> Iterator[RunTransaction]:
    """Make the transaction the run of this process; leaving without publishing leaves its branch behind."""
    global _current
    with _current_lock:
        if _current is not None:
            raise ConflictError(
                Problem("FLOE-E531", f"this process is in the run '{_current.identity.run_id}' already")
            )
        _current = transaction
    try:
        yield transaction
    finally:
        with _current_lock:
            _current = None
