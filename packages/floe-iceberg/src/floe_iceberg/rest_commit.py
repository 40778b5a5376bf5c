"""One table's part of a commit, in the words of the REST protocol, and how to see whether it landed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from pyiceberg.partitioning import UNPARTITIONED_PARTITION_SPEC
from pyiceberg.table import CommitTableRequest, Namespace, TableIdentifier
from pyiceberg.table.metadata import TableMetadata, TableMetadataV1
from pyiceberg.table.refs import MAIN_BRANCH, SnapshotRefType
from pyiceberg.table.snapshots import ancestors_of
from pyiceberg.table.sorting import UNSORTED_SORT_ORDER
from pyiceberg.table.update import (
    AddPartitionSpecUpdate,
    AddSchemaUpdate,
    AddSnapshotUpdate,
    AddSortOrderUpdate,
    AssertCreate,
    AssertRefSnapshotId,
    AssertTableUUID,
    AssignUUIDUpdate,
    RemovePropertiesUpdate,
    RemoveSnapshotRefUpdate,
    RemoveSnapshotsUpdate,
    SetCurrentSchemaUpdate,
    SetDefaultSortOrderUpdate,
    SetDefaultSpecUpdate,
    SetLocationUpdate,
    SetPropertiesUpdate,
    SetSnapshotRefUpdate,
    TableRequirement,
    TableUpdate,
    UpgradeFormatVersionUpdate,
)

from floe_iceberg.catalog import TableChange
from floe_iceberg.changed import METADATA_KEPT
from floe_iceberg.table import TableId

_METADATA_KEPT = "write.metadata.previous-versions-max"
_KEY = ("floe.run-id", "floe.model", "floe.attempt")


@dataclass(frozen=True)
class RestChange:
    """``forward`` makes the change, ``undo`` takes a publication back; both assert what they stand on.

    It has landed once the snapshot ``adds`` is there with the idempotency key, or ``head`` is part of
    main's history; a change of neither kind leaves no trace of its own.
    """

    name: TableId
    forward: dict[str, Any]
    undo: dict[str, Any] | None
    adds: int | None
    key: tuple[str | None, ...]
    head: int | None

    @classmethod
    def of(cls, change: TableChange) -> RestChange:
        added = next((u.snapshot for u in change.updates if isinstance(u, AddSnapshotUpdate)), None)
        summary = added.summary if added else None
        head = None if added else _new_main(change.updates)
        return cls(
            change.name,
            _request(change.name, *_whole(change)),
            _request(change.name, *_undoing(change, head)) if head is not None else None,
            added.snapshot_id if added else None,
            tuple(summary[name] for name in _KEY) if summary else (),
            head,
        )

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> RestChange:
        return cls(**{**told, "name": TableId(*told["name"]), "key": tuple(told["key"])})

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def leaves_a_trace(self) -> bool:
        return self.adds is not None or self.head is not None

    def is_overtaken(self, metadata: TableMetadata | None) -> bool:
        """Whether others have written the table since: catalogs refuse a snapshot numbered before theirs."""
        if metadata is None or self.adds is None or isinstance(metadata, TableMetadataV1):
            return False
        added = next(u["snapshot"] for u in self.forward["updates"] if u["action"] == "add-snapshot")
        return bool(metadata.last_sequence_number >= added.get("sequence-number", 0))

    def is_fenced(self, metadata: TableMetadata | None) -> bool:
        """Whether the refs it stands on have moved, so that it cannot land however late it comes."""
        refs = metadata.refs if metadata else {}
        asserted = (r for r in self.forward["requirements"] if r["type"] == "assert-ref-snapshot-id")
        return metadata is None or any(
            r.get("snapshot-id") != (refs[r["ref"]].snapshot_id if r["ref"] in refs else None)
            for r in asserted
        )

    def landed(self, metadata: TableMetadata | None) -> bool:
        """Whether it is part of the table; others may have come after it."""
        if metadata is None:
            return False
        if self.adds is not None:
            snapshot = metadata.snapshot_by_id(self.adds)
            summary = snapshot.summary if snapshot else None
            return summary is not None and tuple(summary[name] for name in _KEY) == self.key
        history = ancestors_of(metadata.current_snapshot(), metadata)
        return any(snapshot.snapshot_id == self.head for snapshot in history)


def _request(
    name: TableId, updates: Sequence[TableUpdate], requirements: Sequence[TableRequirement]
) -> dict[str, Any]:
    identifier = TableIdentifier(namespace=Namespace(root=name.namespace.split(".")), name=name.name)
    request = CommitTableRequest(
        identifier=identifier, requirements=tuple(requirements), updates=tuple(updates)
    )
    told: dict[str, Any] = json.loads(request.model_dump_json())
    return told


def _whole(change: TableChange) -> tuple[Sequence[TableUpdate], Sequence[TableRequirement]]:
    """With what makes a draft a table first."""
    if not change.new:
        return [*_layout_of_its_schema(change), *_forgetting(change)], change.requirements
    draft = change.table.metadata
    making: list[TableUpdate] = [
        AssignUUIDUpdate(uuid=draft.table_uuid),
        UpgradeFormatVersionUpdate(format_version=draft.format_version),
        AddSchemaUpdate(schema_=draft.schema()),
        SetCurrentSchemaUpdate(schema_id=-1),
        AddPartitionSpecUpdate(spec=UNPARTITIONED_PARTITION_SPEC),
        SetDefaultSpecUpdate(spec_id=-1),
        AddSortOrderUpdate(sort_order=UNSORTED_SORT_ORDER),
        SetDefaultSortOrderUpdate(sort_order_id=-1),
        SetLocationUpdate(location=draft.location),
        SetPropertiesUpdate(updates=dict(draft.properties)),
    ]
    return [*making, *change.updates], [AssertCreate(), *change.requirements]


def _forgetting(change: TableChange) -> Sequence[TableUpdate]:
    """From the first expiry on let the catalog remember fewer metadata files, each as large as the last."""
    expires = any(isinstance(update, RemoveSnapshotsUpdate) for update in change.updates)
    if not expires or _METADATA_KEPT in change.table.metadata.properties:
        return []
    return [SetPropertiesUpdate(updates={_METADATA_KEPT: str(METADATA_KEPT)})]


def _layout_of_its_schema(change: TableChange) -> Sequence[TableUpdate]:
    """A spec or an order is bound to the current schema: let that be the new one while it is added."""
    schema = next((u.schema_ for u in change.updates if isinstance(u, AddSchemaUpdate)), None)
    layout = [u for u in change.updates if isinstance(u, AddPartitionSpecUpdate | AddSortOrderUpdate)]
    if schema is None or not layout:
        return change.updates
    last = change.updates.index(layout[-1])
    current = change.table.metadata.current_schema_id
    return [
        AddSchemaUpdate(schema_=schema),
        SetCurrentSchemaUpdate(schema_id=schema.schema_id),
        *layout,
        SetCurrentSchemaUpdate(schema_id=current),
        *change.updates[last + 1 :],
    ]


def _new_main(updates: Sequence[TableUpdate]) -> int | None:
    moves = (u for u in updates if isinstance(u, SetSnapshotRefUpdate) and u.ref_name == MAIN_BRANCH)
    return next((move.snapshot_id for move in moves), None)


def _undoing(
    change: TableChange, head: int | None
) -> tuple[Sequence[TableUpdate], Sequence[TableRequirement]]:
    """What makes the table what it was before it was published, the run's branch included."""
    before = change.table.metadata
    touched = {
        name
        for update in change.updates
        if isinstance(update, SetPropertiesUpdate | RemovePropertiesUpdate)
        for name in (update.updates if isinstance(update, SetPropertiesUpdate) else update.removals)
    }
    had = {name: before.properties[name] for name in sorted(touched) if name in before.properties}
    updates: list[TableUpdate] = [
        SetCurrentSchemaUpdate(schema_id=before.current_schema_id),
        SetDefaultSpecUpdate(spec_id=before.default_spec_id),
        SetDefaultSortOrderUpdate(sort_order_id=before.default_sort_order_id),
        _main_as_it_was(before),
    ]
    updates += [
        SetSnapshotRefUpdate(
            ref_name=update.ref_name,
            type=SnapshotRefType.BRANCH,
            snapshot_id=before.refs[update.ref_name].snapshot_id,
            max_ref_age_ms=None,
            max_snapshot_age_ms=None,
            min_snapshots_to_keep=None,
        )
        for update in change.updates
        if isinstance(update, RemoveSnapshotRefUpdate)
    ]
    if had:
        updates.append(SetPropertiesUpdate(updates=had))
    if new := sorted(touched - had.keys()):
        updates.append(RemovePropertiesUpdate(removals=new))
    return updates, [
        AssertTableUUID(uuid=before.table_uuid),
        AssertRefSnapshotId(ref=MAIN_BRANCH, snapshot_id=head),
    ]


def _main_as_it_was(before: TableMetadata) -> TableUpdate:
    if before.current_snapshot_id is None:
        return RemoveSnapshotRefUpdate(ref_name=MAIN_BRANCH)
    return SetSnapshotRefUpdate(
        ref_name=MAIN_BRANCH,
        type=SnapshotRefType.BRANCH,
        snapshot_id=before.current_snapshot_id,
        max_ref_age_ms=None,
        max_snapshot_age_ms=None,
        min_snapshots_to_keep=None,
    )
