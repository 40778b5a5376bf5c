"""Tags and branches: names for snapshots, which maintenance keeps as long as they are named."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from pyiceberg.table import Table
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.refs import MAIN_BRANCH, SnapshotRefType
from pyiceberg.table.snapshots import Snapshot
from pyiceberg.table.update import RemoveSnapshotRefUpdate, SetSnapshotRefUpdate, TableUpdate

from floe_core.errors import Problem, SpecError
from floe_core.lake import branch_of
from floe_iceberg.catalog import TableCatalog
from floe_iceberg.commit import amend
from floe_iceberg.history import view_as_of
from floe_iceberg.table import TableId, TableView, is_unpublished


def name_snapshot(
    catalog: TableCatalog, name: TableId, ref: str, kind: SnapshotRefType, at: datetime | int | str | None
) -> int:
    """Give the snapshot a name that is free, and return which it is; the current one if none is said.

    Raises SpecError when the name is taken or reserved, or there is no such snapshot.
    """
    if ref.startswith(branch_of("")):
        raise _reserved(ref)
    refuse_main(ref)

    def change(table: Table) -> Sequence[TableUpdate]:
        if ref in table.metadata.refs:
            raise _taken(name, ref)
        return [_set(ref, kind, _snapshot(name, table, at))]

    return _amended(catalog, name, change).refs[ref].snapshot_id


def drop_ref(catalog: TableCatalog, name: TableId, ref: str, kind: SnapshotRefType) -> None:
    """Forget the name; maintenance then lets go of what nothing else keeps.

    Raises SpecError when the table has no such tag or branch.
    """

    def change(table: Table) -> Sequence[TableUpdate]:
        found = table.metadata.refs.get(ref)
        if ref == MAIN_BRANCH or found is None or found.snapshot_ref_type != kind:
            raise SpecError(Problem("FLOE-E444", f"table '{name}' has no {kind.value} '{ref}' to drop"))
        return [RemoveSnapshotRefUpdate(ref_name=ref)]

    _amended(catalog, name, change)


def refuse_main(branch: str) -> None:
    """Main moves by publishing only."""
    if branch == MAIN_BRANCH or not branch.strip():
        raise _reserved(branch)


def head_of(name: TableId, table: Table, branch: str) -> Snapshot | None:
    """Where the branch is, None if there is none; SpecError when the name is a tag's."""
    ref = table.metadata.refs.get(branch)
    if ref is not None and ref.snapshot_ref_type != SnapshotRefType.BRANCH:
        raise _taken(name, branch)
    return table.metadata.snapshot_by_name(branch)


def _reserved(ref: str) -> SpecError:
    hint = "take another: main and runs have names of their own"
    return SpecError(Problem("FLOE-E442", f"'{ref}' cannot be the name of a tag or branch", hint=hint))


def _taken(name: TableId, ref: str) -> SpecError:
    return SpecError(
        Problem("FLOE-E443", f"table '{name}' has a tag or branch '{ref}' already", hint="drop it first")
    )


def _amended(
    catalog: TableCatalog, name: TableId, change: Callable[[Table], Sequence[TableUpdate]]
) -> TableMetadata:
    table = amend(catalog, name, change)
    if table is None:
        raise no_such_table(name)
    return table.metadata


def no_such_table(name: TableId) -> SpecError:
    return SpecError(
        Problem("FLOE-E441", f"there is no published table '{name}'", hint="list them: floe status")
    )


def _snapshot(name: TableId, table: Table, at: datetime | int | str | None) -> int:
    if at is None:
        view = None if is_unpublished(table) else TableView.of_main(table)
    else:
        view = view_as_of(name, table, at)
    if view is None or view.snapshot is None:
        raise no_such_table(name)
    return view.snapshot.snapshot_id


def _set(ref: str, kind: SnapshotRefType, snapshot_id: int) -> SetSnapshotRefUpdate:
    return SetSnapshotRefUpdate(
        ref_name=ref,
        type=kind,
        snapshot_id=snapshot_id,
        max_ref_age_ms=None,
        max_snapshot_age_ms=None,
        min_snapshots_to_keep=None,
    )
