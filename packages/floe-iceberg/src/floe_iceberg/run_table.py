"""What a run knows of one table, from its first look until it publishes."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field

from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot, ancestors_of

from floe_core.errors import Problem, WorkError
from floe_iceberg.file_shape import told_to_readers
from floe_iceberg.layout import Layout
from floe_iceberg.publish import Publication
from floe_iceberg.table import TableId, TableView, is_unpublished

_BASE_SNAPSHOT = "floe.base-snapshot-id"
_BASE_SCHEMA = "floe.base-schema-id"
_PROPERTIES = "floe.table-properties"
_LAYOUT = "floe.layout"


@dataclass
class RunTable:
    """``table`` is there even if the run may not see it.

    ``main`` and ``schema_id`` are of the first look, ``layout`` is what models have asked for since.
    """

    table: Table | None = None
    view: TableView | None = None
    main: int | None = None
    schema_id: int = 0
    written: bool = False
    layout: Layout = field(default_factory=Layout)
    properties: dict[str, str] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def of_main(cls, table: Table) -> RunTable:
        metadata = table.metadata
        return cls(
            table=table,
            view=None if is_unpublished(table) else TableView.of_main(table),
            main=metadata.current_snapshot_id,
            schema_id=metadata.current_schema_id,
        )

    @classmethod
    def of_branch(cls, table: Table, head: Snapshot) -> RunTable:
        """The table as a branch has it; what main was when its first write began stands in its snapshots."""
        if any(passed.snapshot_id == head.snapshot_id for passed in main_history(table)):
            # nothing was written to it yet
            here = table.metadata.current_snapshot_id == head.snapshot_id
            main, schema_id = head.snapshot_id, table.metadata.current_schema_id if here else head.schema_id
            return cls(table, TableView(table, head), main, schema_id or 0, written=True)
        said = head.summary.additional_properties if head.summary else {}
        return cls(
            table=table,
            view=TableView(table, head),
            main=base_of(head),
            schema_id=int(said.get(_BASE_SCHEMA, "0")),
            written=True,
            layout=Layout.of(json.loads(said.get(_LAYOUT, "{}"))),
            properties=json.loads(said.get(_PROPERTIES, "{}")),
        )

    def as_of(self, name: TableId, snapshot_id: int) -> RunTable:
        """The table as it was at the snapshot; WorkError if that is gone."""
        snapshot = self.table.metadata.snapshot_by_id(snapshot_id) if self.table else None
        if self.table is None or snapshot is None:
            raise WorkError(
                Problem(
                    "FLOE-E512",
                    f"the run has read '{name}' at snapshot '{snapshot_id}', which is gone: "
                    "what is left to do would read other rows",
                    hint="floe run",
                )
            )
        if snapshot_id == self.main:
            return self
        return RunTable(
            self.table, TableView(self.table, snapshot), main=snapshot_id, schema_id=snapshot.schema_id or 0
        )

    def summary(self, properties: Mapping[str, str], layout: Layout) -> dict[str, str]:
        """What the next snapshot says, so that the branch alone tells what publishing it takes."""
        said = {}
        if self.main is not None:
            said[_BASE_SNAPSHOT] = str(self.main)
        if self.table is not None:
            said[_BASE_SCHEMA] = str(self.schema_id)
        if properties:
            said[_PROPERTIES] = json.dumps(dict(properties), sort_keys=True)
        if layout != Layout():
            said[_LAYOUT] = json.dumps(asdict(layout), sort_keys=True)
        return said

    def now(self, view: TableView) -> None:
        """Take note of a write of the run."""
        self.table, self.view, self.written = view.table, view, True

    def publication(self, name: TableId) -> Publication:
        table, view = self.table, self.view
        assert table is not None
        assert view is not None
        assert view.snapshot is not None
        known = table.metadata.properties
        placed = self.layout.placed(table.metadata, view.schema)
        return Publication(
            table=name,
            uuid=table.metadata.table_uuid,
            main=self.main,
            schema_id=self.schema_id,
            last_column_id=table.metadata.last_column_id,
            head=view.snapshot.snapshot_id,
            properties={**told_to_readers({**known, **self.properties}), **self.properties},
            spec_id=placed.spec.spec_id if self.layout.partition_by is not None else None,
            order_id=placed.order.order_id if self.layout.sort_by is not None else None,
        )

    def published(self, table: Table) -> None:
        """Take note that main is where the branch was."""
        view = self.view.moved(table, table.metadata.current_snapshot()) if self.view else None
        self.table, self.view = table, view
        self.main, self.schema_id = table.metadata.current_snapshot_id, table.metadata.current_schema_id
        self.written, self.properties, self.layout = False, {}, Layout()


def base_of(head: Snapshot) -> int | None:
    """What main was when the run that wrote the snapshot first looked at the table."""
    base = head.summary[_BASE_SNAPSHOT] if head.summary else None
    return int(base) if base else None


def main_history(table: Table) -> Iterable[Snapshot]:
    return ancestors_of(table.metadata.current_snapshot(), table.metadata)


def writes_of(run_id: str, table: Table, head: Snapshot | None) -> dict[str, Snapshot]:
    """The run's last write of each model to the table, found back from its branch's head."""
    found: dict[str, Snapshot] = {}
    for snapshot in ancestors_of(head, table.metadata):
        summary = snapshot.summary
        if summary is None or summary["floe.run-id"] != run_id:
            break
        found.setdefault(str(summary["floe.model"]), snapshot)
    return found
