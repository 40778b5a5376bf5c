"""One write becomes one commit on the run's branch, and nothing else of the table changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.manifest import DataFile
from pyiceberg.partitioning import UNPARTITIONED_PARTITION_SPEC
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.table.locations import load_location_provider
from pyiceberg.table.metadata import TableMetadata, new_table_metadata
from pyiceberg.table.refs import MAIN_BRANCH, SnapshotRef, SnapshotRefType
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
    update_table_metadata,
)

from floe_iceberg import _pyiceberg
from floe_iceberg.catalog import Move, conflict, load, move_all
from floe_iceberg.durable import storing
from floe_iceberg.layout import Placed
from floe_iceberg.table import UNPUBLISHED, TableId


@dataclass(frozen=True)
class Change:
    """What a write does: ``removed`` names the files it replaces, all of them or none of them.

    ``drop_delete_files`` says that every file with rows deleted by position is among them.
    """

    schema: Schema
    placed: Placed
    added: Sequence[DataFile]
    removed: Sequence[DataFile] | Literal["all"] = ()
    drop_delete_files: bool = False


def commit_new(
    catalog: SqlCatalog,
    name: TableId,
    draft: TableMetadata,
    change: Change,
    branch: str,
    summary: Mapping[str, str],
) -> Table:
    """Make a table that shows nothing: its rows are on the branch only, main has no snapshot."""
    table = _table(catalog, name, draft, "")
    staged = _staged(catalog, table, change, branch, None, summary, version=0)
    if move_all(catalog, [Move(name, None, staged.metadata_location)]):
        raise conflict([name])
    return staged


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
    catalog: SqlCatalog,
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
    name = TableId(".".join(table.name()[:-1]), table.name()[-1])
    requirements = _requirements(table.metadata, branch)
    while True:
        version = _pyiceberg.metadata_version(table.metadata_location) + 1
        staged = _staged(catalog, table, change, branch, parent, summary, version=version)
        if not move_all(catalog, [Move(name, table.metadata_location, staged.metadata_location)]):
            return staged
        table = _reloaded(catalog, name, requirements)


def amend(
    catalog: SqlCatalog, name: TableId, change: Callable[[Table], TableMetadata | None]
) -> Table | None:
    """Commit what ``change`` makes of the table's metadata, and return the table as it is then.

    It is asked anew when somebody else was faster, and answers None to leave the table as it is. None is
    returned when there is no table.
    """
    while True:
        table = load(catalog, name)
        metadata = change(table) if table else None
        if table is None or metadata is None:
            return table
        with storing(metadata.location):
            staged = stage(catalog, name, metadata, _pyiceberg.metadata_version(table.metadata_location) + 1)
        if not move_all(catalog, [Move(name, table.metadata_location, staged.metadata_location)]):
            return staged
        discard([staged])


def discard(staged: Sequence[Table]) -> None:
    """Remove metadata the catalog refused, so nothing can name it."""
    for table in staged:
        with suppress(OSError):
            table.io.delete(table.metadata_location)


def _requirements(metadata: TableMetadata, branch: str) -> list[TableRequirement]:
    refs = metadata.refs
    # PyIceberg lets no requirement on a branch pass while a table has no snapshot at all
    watched = (MAIN_BRANCH, branch) if metadata.snapshots else (MAIN_BRANCH,)
    heads = {ref: refs[ref].snapshot_id if ref in refs else None for ref in watched}
    return [
        AssertTableUUID(uuid=metadata.table_uuid),
        *(AssertRefSnapshotId(ref=ref, snapshot_id=head) for ref, head in heads.items()),
        AssertLastAssignedFieldId(last_assigned_field_id=metadata.last_column_id),
    ]


def _reloaded(catalog: SqlCatalog, name: TableId, requirements: Sequence[TableRequirement]) -> Table:
    table = load(catalog, name)
    if table is None or not holds(requirements, table.metadata):
        raise conflict([name])
    return table


def holds(requirements: Sequence[TableRequirement], metadata: TableMetadata) -> bool:
    try:
        for requirement in requirements:
            requirement.validate(metadata)
    except CommitFailedException:
        return False
    return True


def _staged(
    catalog: SqlCatalog,
    table: Table,
    change: Change,
    branch: str,
    parent: int | None,
    summary: Mapping[str, str],
    *,
    version: int,
) -> Table:
    """Write manifests and metadata of the change; no reader can find them yet."""
    additions, local = _with_additions(table, change, branch, parent)
    with storing(table.metadata.location):
        source = _table(catalog, TableId(*_name(table)), local, table.metadata_location)
        updates = (*additions, *_snapshot(source, change, branch, summary))
        metadata = update_table_metadata(
            table.metadata, updates, metadata_location=table.metadata_location or None
        )
        return stage(catalog, TableId(*_name(table)), metadata, version)


def stage(catalog: SqlCatalog, name: TableId, metadata: TableMetadata, version: int) -> Table:
    """Put metadata on disk under a name of its own; the catalog does not know it yet."""
    provider = load_location_provider(metadata.location, metadata.properties)
    location = provider.new_table_metadata_file_location(version)
    table = _table(catalog, name, metadata, location)
    _pyiceberg.write_metadata(catalog, metadata, table.io, location)
    return table


def _name(table: Table) -> tuple[str, str]:
    *namespace, name = table.name()
    return ".".join(namespace), name


def _table(catalog: SqlCatalog, name: TableId, metadata: TableMetadata, location: str) -> Table:
    identifier = (*name.namespace.split("."), name.name)
    return Table(identifier, metadata, location, _pyiceberg.table_io(catalog, metadata), catalog)


def _snapshot(
    table: Table, change: Change, branch: str, summary: Mapping[str, str]
) -> tuple[TableUpdate, ...]:
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
            raise conflict([TableId(*_name(table))])
        specs.append(spec)
        updates.append(AddPartitionSpecUpdate(spec=spec))
    if order.fields and order not in metadata.sort_orders:
        if any(other.order_id == order.order_id for other in metadata.sort_orders):
            raise conflict([TableId(*_name(table))])
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
