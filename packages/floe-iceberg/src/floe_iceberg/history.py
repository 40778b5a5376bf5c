"""Reading what is not what readers of main see now: old snapshots, and runs nobody has published."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pyiceberg.table import Table
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.snapshots import Snapshot

from floe_core.errors import Problem, SpecError
from floe_core.lake import branch_of
from floe_iceberg.table import TableId, TableView

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def view_as_of(name: TableId, table: Table, moment: datetime | int | str) -> TableView:
    """The table as it was: at a time, when main was at some snapshot, at the snapshot of an id, at a tag.

    Raises SpecError when there is none (any more), with the oldest there is.
    """
    metadata = table.metadata
    if isinstance(moment, str):
        return TableView(table, _named(name, metadata, moment))
    if isinstance(moment, int):
        found = metadata.snapshot_by_id(moment)
        what = f"has no snapshot '{moment}'"
    else:
        found = _at(metadata, moment)
        what = f"cannot be read as of '{_told(moment)}'"
    if found is None:
        raise SpecError(
            Problem("FLOE-E440", f"table '{name}' {what}: {_oldest(metadata)}", hint=_hint(metadata))
        )
    return TableView(table, found)


def view_of_branch(table: Table, branch: str) -> TableView | None:
    """The table as a run has left it on its branch; None when the run wrote nothing to it."""
    head = table.metadata.snapshot_by_name(branch)
    return TableView(table, head) if head else None


def time_of(timestamp_ms: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=timestamp_ms)


def published_at(metadata: TableMetadata, snapshot: Snapshot) -> datetime:
    """Since when main is at its snapshot, which was written earlier: from then on ``view_as_of`` finds it."""
    entry = next((e for e in reversed(metadata.snapshot_log) if e.snapshot_id == snapshot.snapshot_id), None)
    return time_of(entry.timestamp_ms if entry else snapshot.timestamp_ms)


def milliseconds(moment: datetime) -> int:
    """Since 1970; a time without a zone is taken as UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (aware - _EPOCH) // timedelta(milliseconds=1)


def _named(name: TableId, metadata: TableMetadata, ref: str) -> Snapshot:
    found = metadata.snapshot_by_name(ref)
    if found is None:
        names = ", ".join(sorted(name for name in metadata.refs if not name.startswith(branch_of(""))))
        raise SpecError(
            Problem(
                "FLOE-E440",
                f"table '{name}' has no tag or branch '{ref}'",
                hint=f"a time such as 2026-01-31T12:00, a snapshot's id, or one of: {names}",
            )
        )
    return found


def _at(metadata: TableMetadata, moment: datetime) -> Snapshot | None:
    until = milliseconds(moment)
    entry = next((e for e in reversed(metadata.snapshot_log) if e.timestamp_ms <= until), None)
    return metadata.snapshot_by_id(entry.snapshot_id) if entry else None


def _oldest(metadata: TableMetadata) -> str:
    if not metadata.snapshot_log:
        return "it has no snapshots"
    entry = metadata.snapshot_log[0]
    return f"the oldest it keeps is '{entry.snapshot_id}' of {_told(time_of(entry.timestamp_ms))}"


def _hint(metadata: TableMetadata) -> str | None:
    if not metadata.snapshot_log:
        return None
    return f"ask for that one or a newer one: --as-of {_told(time_of(metadata.snapshot_log[0].timestamp_ms))}"


def _told(moment: datetime) -> str:
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
