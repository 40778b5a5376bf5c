"""Expiring snapshots, and letting go of branches whose runs are over."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from pyiceberg.table import Table
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.refs import SnapshotRef, SnapshotRefType
from pyiceberg.table.snapshots import Snapshot, ancestors_of
from pyiceberg.table.update import (
    RemovePartitionStatisticsUpdate,
    RemoveSnapshotRefUpdate,
    RemoveSnapshotsUpdate,
    TableUpdate,
)

from floe_core.lake import branch_of
from floe_iceberg.catalog import TableCatalog
from floe_iceberg.commit import amend
from floe_iceberg.table import TableId, is_unpublished

_RUN_BRANCH = branch_of("")


@dataclass(frozen=True)
class Rules:
    """What stays: the newest ``keep_last`` snapshots of each branch, and everything a ref points to.

    A branch of a run goes with what the run wrote when the run is not ``living`` and wrote nothing since
    ``abandoned_ms``, as do snapshots that no ref leads to; None lets none of them go.
    """

    keep_last: int
    living: Collection[str] = ()
    abandoned_ms: int | None = None


@dataclass(frozen=True)
class Trimmed:
    """What the rules take from a table; no updates when nothing is taken."""

    updates: tuple[TableUpdate, ...] = ()
    expired: tuple[int, ...] = ()
    let_go: tuple[str, ...] = ()


def expire_snapshots(catalog: TableCatalog, name: TableId, rules: Rules) -> Trimmed:
    """Commit what the rules leave of the table."""
    trimmed = Trimmed()

    def change(table: Table) -> Sequence[TableUpdate]:
        nonlocal trimmed
        trimmed = trim(table, rules)
        return trimmed.updates

    amend(catalog, name, change)
    return trimmed


def trim(table: Table, rules: Rules) -> Trimmed:
    """What the rules leave of the table, without committing it."""
    metadata = table.metadata
    let_go = [name for name, ref in metadata.refs.items() if _is_abandoned(metadata, name, ref, rules)]
    refs = {name: ref for name, ref in metadata.refs.items() if name not in let_go}
    kept = {id_ for name, ref in refs.items() for id_ in _kept_by(metadata, name, ref, rules)}
    led_to = {
        snapshot.snapshot_id
        for ref in refs.values()
        for snapshot in ancestors_of(metadata.snapshot_by_id(ref.snapshot_id), metadata)
    }
    expired = [
        snapshot.snapshot_id
        for snapshot in metadata.snapshots
        if snapshot.snapshot_id not in kept and (snapshot.snapshot_id in led_to or _is_old(snapshot, rules))
    ]
    if not expired and not let_go:
        return Trimmed()
    updates = _without(metadata, expired, let_go)
    return Trimmed(updates, tuple(expired), tuple(name.removeprefix(_RUN_BRANCH) for name in let_go))


def is_given_up(table: Table, rules: Rules) -> bool:
    """Whether nobody has published the table, and nobody is going to."""
    metadata = table.metadata
    if not is_unpublished(table) or rules.abandoned_ms is None:
        return False
    return metadata.last_updated_ms <= rules.abandoned_ms and all(
        _is_abandoned(metadata, name, ref, rules) for name, ref in metadata.refs.items()
    )


def _is_abandoned(metadata: TableMetadata, name: str, ref: SnapshotRef, rules: Rules) -> bool:
    if ref.snapshot_ref_type != SnapshotRefType.BRANCH or not name.startswith(_RUN_BRANCH):
        return False
    head = metadata.snapshot_by_id(ref.snapshot_id)
    return head is not None and name.removeprefix(_RUN_BRANCH) not in rules.living and _is_old(head, rules)


def _is_old(snapshot: Snapshot, rules: Rules) -> bool:
    return rules.abandoned_ms is not None and snapshot.timestamp_ms <= rules.abandoned_ms


def _kept_by(metadata: TableMetadata, name: str, ref: SnapshotRef, rules: Rules) -> Iterator[int]:
    yield ref.snapshot_id
    history = ancestors_of(metadata.snapshot_by_id(ref.snapshot_id), metadata)
    if ref.snapshot_ref_type == SnapshotRefType.TAG:
        return
    if name.startswith(_RUN_BRANCH):
        yield from _written_by(name.removeprefix(_RUN_BRANCH), history)
        return
    keep = max(rules.keep_last, ref.min_snapshots_to_keep or 0)
    yield from (snapshot.snapshot_id for snapshot in islice(history, keep))


def _written_by(run_id: str, history: Iterable[Snapshot]) -> Iterator[int]:
    """A retry finds out by them which models are done."""
    for snapshot in history:
        if snapshot.summary is None or snapshot.summary["floe.run-id"] != run_id:
            return
        yield snapshot.snapshot_id


def _without(metadata: TableMetadata, expired: list[int], let_go: list[str]) -> tuple[TableUpdate, ...]:
    updates: list[TableUpdate] = [RemoveSnapshotRefUpdate(ref_name=name) for name in let_go]
    updates += [
        RemovePartitionStatisticsUpdate(snapshot_id=file.snapshot_id)
        for file in metadata.partition_statistics
        if file.snapshot_id in expired
    ]
    if expired:
        updates.append(RemoveSnapshotsUpdate(snapshot_ids=expired))
    return tuple(updates)
