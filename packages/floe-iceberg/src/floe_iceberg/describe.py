"""What there is to know of a table without reading its rows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.refs import SnapshotRefType
from pyiceberg.table.snapshots import Snapshot
from pyiceberg.table.sorting import NullOrder, SortField, SortOrder
from pyiceberg.transforms import BucketTransform, IdentityTransform, TruncateTransform

from floe_iceberg.history import time_of
from floe_iceberg.schema import duckdb_type
from floe_iceberg.table import TableId, TableView, row_count

_ATTEMPT = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True)
class Column:
    """A column with its DuckDB type, and what it means."""

    name: str
    type: str
    doc: str | None


@dataclass(frozen=True)
class SnapshotDescription:
    """One state of a table; ``summary`` is all it says of itself, what floe wrote is None if others did."""

    snapshot_id: int
    parent_id: int | None
    committed_at: datetime
    operation: str
    rows: int
    run_id: str | None
    attempt: int | None
    model: str | None
    artifact_digest: str | None
    trace_id: str | None
    git_commit: str | None
    summary: Mapping[str, str]


@dataclass(frozen=True)
class TableDescription:
    """A table as readers of main see it; ``snapshots`` are all it keeps, the oldest first.

    ``partition_by`` and ``sort_by`` are spelled as a model would; ``files`` and ``bytes`` are those of the
    rows there are, not of the history.
    """

    table: TableId
    location: str
    columns: tuple[Column, ...]
    partition_by: tuple[str, ...]
    sort_by: tuple[str, ...]
    snapshot_id: int | None
    rows: int
    files: int
    bytes: int
    snapshots: tuple[SnapshotDescription, ...]
    tags: Mapping[str, int]
    branches: Mapping[str, int]
    properties: Mapping[str, str]


def described(name: TableId, view: TableView) -> TableDescription:
    metadata, schema, snapshot = view.table.metadata, view.schema, view.snapshot
    said = snapshot.summary.additional_properties if snapshot and snapshot.summary else {}
    return TableDescription(
        table=name,
        location=metadata.location,
        columns=tuple(Column(f.name, duckdb_type(f.field_type), f.doc) for f in schema.fields),
        partition_by=_partitions(metadata.spec(), schema),
        sort_by=_order(metadata.sort_order(), schema),
        snapshot_id=snapshot.snapshot_id if snapshot else None,
        rows=view.rows,
        files=int(said.get("total-data-files", "0")),
        bytes=int(said.get("total-files-size", "0")),
        snapshots=tuple(
            _snapshot(one) for one in sorted(metadata.snapshots, key=lambda one: one.sequence_number or 0)
        ),
        tags=_refs(metadata, SnapshotRefType.TAG),
        branches=_refs(metadata, SnapshotRefType.BRANCH),
        properties=dict(metadata.properties),
    )


def _snapshot(snapshot: Snapshot) -> SnapshotDescription:
    summary = snapshot.summary
    said = summary.additional_properties if summary else {}
    attempt = said.get("floe.attempt", "")  # which others may write as they like
    return SnapshotDescription(
        snapshot_id=snapshot.snapshot_id,
        parent_id=snapshot.parent_snapshot_id,
        committed_at=time_of(snapshot.timestamp_ms),
        operation=summary.operation.value if summary else "",
        rows=row_count(snapshot),
        run_id=said.get("floe.run-id"),
        attempt=int(attempt) if _ATTEMPT.fullmatch(attempt) else None,
        model=said.get("floe.model"),
        artifact_digest=said.get("floe.artifact-digest"),
        trace_id=said.get("floe.trace-id"),
        git_commit=said.get("floe.git-commit"),
        summary=dict(said),
    )


def _refs(metadata: TableMetadata, kind: SnapshotRefType) -> dict[str, int]:
    return {name: ref.snapshot_id for name, ref in metadata.refs.items() if ref.snapshot_ref_type == kind}


def _partitions(spec: PartitionSpec, schema: Schema) -> tuple[str, ...]:
    return tuple(_partition(field, schema.find_column_name(field.source_id)) for field in spec.fields)


def _partition(field: PartitionField, column: str | None) -> str:
    match field.transform:
        case IdentityTransform():
            return str(column)
        case BucketTransform(num_buckets=size) | TruncateTransform(width=size):
            return f"{str(field.transform).partition('[')[0]}({size}, {column})"
    return f"{field.transform}({column})"


def _order(order: SortOrder, schema: Schema) -> tuple[str, ...]:
    return tuple(_sorted(field, schema.find_column_name(field.source_id)) for field in order.fields)


def _sorted(field: SortField, column: str | None) -> str:
    direction = field.direction.name.lower()
    usual = NullOrder.NULLS_FIRST if direction == "asc" else NullOrder.NULLS_LAST
    nulls = "" if field.null_order == usual else f" {field.null_order.name.lower().replace('_', ' ')}"
    return f"{column}{'' if direction == 'asc' else ' desc'}{nulls}"
