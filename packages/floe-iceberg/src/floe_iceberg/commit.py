"""One write becomes one commit on the run's branch, and nothing else of the table changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from pyiceberg.exceptions import CommitFailedException
from pyiceberg.manifest import DataFile
from pyiceberg.partitioning import UNPARTITIONED_PARTITION_SPEC
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.table.metadata import TableMetadata, new_table_metadata
from pyiceberg.table.refs import MAIN_BRANCH, SnapshotRef, SnapshotRefType
from pyiceberg.table.snapshots import Snapshot
from pyiceberg.table.sorting import UNSORTED_SORT_ORDER
from pyiceberg.table.update import (
    AddPartitionSpecUpdate,
    AddSchemaUpdate,
    AddSortOrderUpdate,
    AssertLastAssignedFieldId,
    AssertRefSnapshotId,
    AssertTableUUID,
    TableRequirement,
    TableUpdate,
)

from floe_iceberg import _pyiceberg
from floe_iceberg.catalog import Moved, TableCatalog, TableChange, id_of
from floe_iceberg.conflict import Rivalry, conflict
from floe_iceberg.durable import storing
from floe_iceberg.layout import Placed
from floe_iceberg.table import UNPUBLISHED, TableId


@dataclass(frozen=True)
class Change:
    """What a write does: ``removed`` names the files it replaces, all of them or none of them.

    ``drop_delete_files`` says that every file with rows deleted by position is among them. With
    ``restored`` the files become those of that snapshot, whatever else is said.
    """

    schema: Schema
    placed: Placed
    added: Sequence[DataFile]
    removed: Sequence[DataFile] | Literal["all"] = ()
    drop_delete_files: bool = False
    restored: Snapshot | None = None


def commit_new(
    catalog: TableCatalog,
    name: TableId,
    draft: Table,
    change: Change,
    branch: str,
    summary: Mapping[str, str],
) -> Table:
    """Make a table that shows nothing: its rows are on the branch only, main has no snapshot."""
    updates = _updates(draft, change, branch, None, summary)
    made = TableChange(name, draft, updates, (), new=True)
    with suppress(Moved):
        return catalog.commit([made])[0]
    if catalog.load(name) is None:  # a catalog may say that it is there when it is not
        with suppress(Moved):
            return catalog.commit([made])[0]
    raise conflict({name: Rivalry(catalog.load(name), branch=branch)})


def draft_metadata(schema: Schema, location: str) -> TableMetadata:
    """The metadata of a table no run has published yet; the schema must be numbered as a fresh one."""
    return new_table_metadata(
        schema=schema,
        partition_spec=UNPARTITIONED_PARTITION_SPEC,
        sort_order=UNSORTED_SORT_ORDER,
        location=location,
        properties={"format-version": "2", UNPUBLISHED: "false"},
    )


def commit_change(
    catalog: TableCatalog,
    table: Table,
    change: Change,
    branch: str,
    parent: int | None,
    summary: Mapping[str, str],
) -> Table:
    """Move the branch, from wherever it is, to the change made on top of ``parent``; in one commit.

    Commits of others that touch neither main, the branch nor the field ids are worked around;
    any other raises ConflictError and leaves the table as it is.
    """
    name = id_of(table)
    requirements = _requirements(table.metadata, branch)
    while True:
        updates = _updates(table, change, branch, parent, summary)
        try:
            [changed] = catalog.commit([TableChange(name, table, updates, requirements)])
        except Moved:
            table = _reloaded(catalog, table, requirements, branch)
        else:
            return changed


def amend(
    catalog: TableCatalog, name: TableId, change: Callable[[Table], Sequence[TableUpdate]]
) -> Table | None:
    """Commit the updates that ``change`` asks for, and return the table as it is then.

    It is asked anew when somebody else was faster, and asks for none to leave the table as it is. None is
    returned when there is no table.
    """
    while True:
        table = catalog.load(name)
        updates = tuple(change(table)) if table else ()
        if table is None or not updates:
            return table
        refs = table.metadata.refs
        requirements: tuple[TableRequirement, ...] = (
            AssertTableUUID(uuid=table.metadata.table_uuid),
            *(AssertRefSnapshotId(ref=ref, snapshot_id=refs[ref].snapshot_id) for ref in refs),
        )
        with suppress(Moved):
            return catalog.commit([TableChange(name, table, updates, requirements)])[0]


def _requirements(metadata: TableMetadata, branch: str) -> tuple[TableRequirement, ...]:
    refs = metadata.refs
    # PyIceberg lets no requirement on a branch pass while a table has no snapshot at all
    watched = (MAIN_BRANCH, branch) if metadata.snapshots else (MAIN_BRANCH,)
    heads = {ref: refs[ref].snapshot_id if ref in refs else None for ref in watched}
    return (
        AssertTableUUID(uuid=metadata.table_uuid),
        *(AssertRefSnapshotId(ref=ref, snapshot_id=head) for ref, head in heads.items()),
        AssertLastAssignedFieldId(last_assigned_field_id=metadata.last_column_id),
    )


def _reloaded(
    catalog: TableCatalog, before: Table, requirements: Sequence[TableRequirement], branch: str
) -> Table:
    name = id_of(before)
    table = catalog.load(name)
    if table is None or not holds(requirements, table.metadata):
        raise conflict({name: Rivalry.since(before, table, branch)})
    return table


def holds(requirements: Sequence[TableRequirement], metadata: TableMetadata) -> bool:
    try:
        for requirement in requirements:
            requirement.validate(metadata)
    except CommitFailedException:
        return False
    return True


def _updates(
    table: Table, change: Change, branch: str, parent: int | None, summary: Mapping[str, str]
) -> tuple[TableUpdate, ...]:
    """Write the manifests of the change, which no reader can find yet, and tell what is to be committed."""
    additions, local = _with_additions(table, change, branch, parent)
    with storing(table.metadata.location):
        source = Table(table.name(), local, table.metadata_location, table.io, table.catalog)
        return (*additions, *_snapshot(source, change, branch, summary))


def _snapshot(
    table: Table, change: Change, branch: str, summary: Mapping[str, str]
) -> tuple[TableUpdate, ...]:
    if change.restored:
        return _pyiceberg.restored_snapshot(table, branch, change.restored, summary)
    if change.removed == "all":
        return _pyiceberg.replace_snapshot(table, branch, change.added, summary)
    if change.removed:
        return _pyiceberg.rewrite_snapshot(
            table,
            branch,
            change.added,
            change.removed,
            summary,
            drop_delete_files=change.drop_delete_files,
        )
    return _pyiceberg.append_snapshot(table, branch, change.added, summary)


def _with_additions(
    table: Table, change: Change, branch: str, parent: int | None
) -> tuple[list[TableUpdate], TableMetadata]:
    """The schema, spec and order to add, and the metadata as the branch alone is to see it.

    All are current in that view only, so that the snapshot and its manifests carry them.
    """
    metadata, spec, order = table.metadata, change.placed.spec, change.placed.order
    updates: list[TableUpdate] = []
    schemas, specs = list(metadata.schemas), list(metadata.partition_specs)
    found = next((s for s in schemas if s.fields == change.schema.fields), None)
    if found is None:
        found = Schema(*change.schema.fields, schema_id=max(s.schema_id for s in schemas) + 1)
        schemas.append(found)
        updates.append(AddSchemaUpdate(schema_=found))
    if spec not in specs:
        if any(other.spec_id == spec.spec_id for other in specs):
            raise conflict({id_of(table): Rivalry(branch=branch)})
        specs.append(spec)
        updates.append(AddPartitionSpecUpdate(spec=spec))
    if order.fields and order not in metadata.sort_orders:
        if any(other.order_id == order.order_id for other in metadata.sort_orders):
            raise conflict({id_of(table): Rivalry(branch=branch)})
        updates.append(AddSortOrderUpdate(sort_order=order))
    refs = {name: ref for name, ref in metadata.refs.items() if name != branch}
    if parent is not None:
        refs[branch] = _branch_at(parent)
    view = {
        "schemas": schemas,
        "current_schema_id": found.schema_id,
        "partition_specs": specs,
        "default_spec_id": spec.spec_id,
        "refs": refs,
    }
    return updates, metadata.model_copy(update=view)


def _branch_at(snapshot_id: int) -> SnapshotRef:
    return SnapshotRef(
        snapshot_id=snapshot_id,
        snapshot_ref_type=SnapshotRefType.BRANCH,
        min_snapshots_to_keep=None,
        max_snapshot_age_ms=None,
        max_ref_age_ms=None,
    )
