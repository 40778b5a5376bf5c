"""Publishing: main of every table a run wrote moves to the run's branch in one commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from pyiceberg.exceptions import ValidationError
from pyiceberg.partitioning import PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.refs import MAIN_BRANCH, SnapshotRefType
from pyiceberg.table.sorting import UNSORTED_SORT_ORDER, SortOrder
from pyiceberg.table.update import (
    AddSortOrderUpdate,
    AssertCurrentSchemaId,
    AssertLastAssignedFieldId,
    AssertRefSnapshotId,
    AssertTableUUID,
    RemovePropertiesUpdate,
    RemoveSnapshotRefUpdate,
    SetCurrentSchemaUpdate,
    SetDefaultSortOrderUpdate,
    SetDefaultSpecUpdate,
    SetPropertiesUpdate,
    SetSnapshotRefUpdate,
    TableRequirement,
    TableUpdate,
)

from floe_iceberg.catalog import Moved, TableCatalog, TableChange
from floe_iceberg.commit import holds
from floe_iceberg.conflict import Rivalry, conflict
from floe_iceberg.layout import unpartitioned_spec
from floe_iceberg.table import UNPUBLISHED, TableId


@dataclass(frozen=True)
class Publication:
    """One table to publish, and what must still be true of it.

    ``main`` and ``schema_id`` are as the run first saw them, ``last_column_id`` as its last write
    left it, ``head`` is its branch's snapshot. ``spec_id`` and ``order_id`` are the table's from now on,
    unless they are None.
    """

    table: TableId
    uuid: UUID
    main: int | None
    schema_id: int
    last_column_id: int
    head: int
    properties: Mapping[str, str]
    spec_id: int | None = None
    order_id: int | None = None

    def requirements(self, branch: str) -> tuple[TableRequirement, ...]:
        return (
            AssertTableUUID(uuid=self.uuid),
            AssertRefSnapshotId(ref=MAIN_BRANCH, snapshot_id=self.main),
            AssertRefSnapshotId(ref=branch, snapshot_id=self.head),
            AssertCurrentSchemaId(current_schema_id=self.schema_id),
            AssertLastAssignedFieldId(last_assigned_field_id=self.last_column_id),
        )


def publish_all(catalog: TableCatalog, branch: str, publications: Sequence[Publication]) -> list[Table]:
    """Publish every table or none, and return them as published.

    Commits of others that leave everything alone the run stands on (maintenance) are worked around.
    Raises ConflictError, naming the tables, when any is not as the run left it.
    """
    while True:
        before = _checked(catalog, branch, publications)
        changes = [
            TableChange(
                publication.table,
                table,
                tuple(_updates(table.metadata, publication, branch)),
                publication.requirements(branch),
            )
            for table, publication in zip(before, publications, strict=True)
        ]
        with suppress(Moved):
            return catalog.commit(changes)


def _checked(catalog: TableCatalog, branch: str, publications: Sequence[Publication]) -> list[Table]:
    found = {publication.table: catalog.load(publication.table) for publication in publications}
    tables = [table for table in found.values() if table is not None]
    changed = {
        publication.table: Rivalry.beyond(publication.main, found[publication.table], branch)
        for publication in publications
        if (table := found[publication.table]) is None
        or not holds(publication.requirements(branch), table.metadata)
    }
    if changed:
        raise conflict(changed)
    return tables


def _updates(metadata: TableMetadata, publication: Publication, branch: str) -> list[TableUpdate]:
    snapshot = metadata.snapshot_by_id(publication.head)
    assert snapshot is not None  # the branch is at it
    schema = next(s for s in metadata.schemas if s.schema_id == snapshot.schema_id)
    updates: list[TableUpdate] = []
    if schema.schema_id != metadata.current_schema_id:
        updates += _layout_without_lost_columns(metadata, schema)
        updates.append(SetCurrentSchemaUpdate(schema_id=schema.schema_id))
    if publication.spec_id is not None:
        updates.append(SetDefaultSpecUpdate(spec_id=publication.spec_id))
    if publication.order_id is not None:
        updates += _ordered_by(metadata, publication.order_id)
    updates.append(_main_at(publication.head))
    if UNPUBLISHED in metadata.properties:
        updates.append(RemovePropertiesUpdate(removals=[UNPUBLISHED]))
    if publication.properties:
        updates.append(SetPropertiesUpdate(updates=dict(publication.properties)))
    return [*updates, RemoveSnapshotRefUpdate(ref_name=branch)]


def _main_at(snapshot_id: int) -> SetSnapshotRefUpdate:
    return SetSnapshotRefUpdate(
        ref_name=MAIN_BRANCH,
        type=SnapshotRefType.BRANCH,
        snapshot_id=snapshot_id,
        max_ref_age_ms=None,
        max_snapshot_age_ms=None,
        min_snapshots_to_keep=None,
    )


def _layout_without_lost_columns(metadata: TableMetadata, schema: Schema) -> list[TableUpdate]:
    """Give up a default partitioning or sort order whose columns the new schema no longer has."""
    updates: list[TableUpdate] = []
    if not _fits(metadata.spec(), schema):
        updates.append(SetDefaultSpecUpdate(spec_id=unpartitioned_spec(metadata).spec_id))
    if not _fits(metadata.sort_order(), schema):
        updates += _ordered_by(metadata, UNSORTED_SORT_ORDER.order_id)
    return updates


def _ordered_by(metadata: TableMetadata, order_id: int) -> list[TableUpdate]:
    known = metadata.sort_order_by_id(order_id) is not None
    added: list[TableUpdate] = [] if known else [AddSortOrderUpdate(sort_order=UNSORTED_SORT_ORDER)]
    return [*added, SetDefaultSortOrderUpdate(sort_order_id=order_id)]


def _fits(layout: PartitionSpec | SortOrder, schema: Schema) -> bool:
    try:
        layout.check_compatible(schema)
    except ValidationError:
        return False
    return True
