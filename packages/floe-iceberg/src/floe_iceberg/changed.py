"""What a catalog makes of a table's metadata, for catalogs that leave it to the client."""

from __future__ import annotations

from collections.abc import Sequence

from pyiceberg.table import Table
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.update import RemoveSnapshotsUpdate, TableUpdate, update_table_metadata

METADATA_KEPT = 20  # how many earlier metadata files a table remembers after expiry, and so keeps


def changed(table: Table, updates: Sequence[TableUpdate]) -> TableMetadata:
    """The table's metadata with the updates."""
    base = table.metadata
    metadata = update_table_metadata(base, tuple(updates), metadata_location=table.metadata_location or None)
    expired = {
        snapshot_id
        for update in updates
        if isinstance(update, RemoveSnapshotsUpdate)
        for snapshot_id in update.snapshot_ids
    }
    return _without_history_of(expired, base, metadata) if expired else metadata


def dated(base: TableMetadata, metadata: TableMetadata, moment_ms: int) -> TableMetadata:
    """Let main have moved at the moment, if it has: the same for all tables of a commit.

    So no time lies in between, at which some of them could be read as they were and some as they are.
    """
    if metadata.current_snapshot_id == base.current_snapshot_id or not metadata.snapshot_log:
        return metadata
    *earlier, last = metadata.snapshot_log
    log = [*earlier, last.model_copy(update={"timestamp_ms": moment_ms})]
    return metadata.model_copy(update={"snapshot_log": log, "last_updated_ms": moment_ms})


def _without_history_of(expired: set[int], base: TableMetadata, metadata: TableMetadata) -> TableMetadata:
    # a time before the last snapshot that is gone must not be answered with an older, tagged one
    last_gone = max(
        (place for place, entry in enumerate(base.snapshot_log) if entry.snapshot_id in expired), default=-1
    )
    return metadata.model_copy(
        update={
            "snapshot_log": base.snapshot_log[last_gone + 1 :],
            "metadata_log": metadata.metadata_log[-METADATA_KEPT:],
        }
    )
