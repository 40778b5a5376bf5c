"""Iceberg's table metadata, as far as it tells where rows come from: JSON that needs no engine to be read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from floe_core.lake import TableHistory, TableSnapshot


def history_of(metadata: Mapping[str, Any]) -> TableHistory | None:
    """The states of the table whose metadata this is; None when floe has not published it yet."""
    if metadata.get("properties", {}).get("floe.published") == "false":
        return None
    found = sorted(metadata.get("snapshots", ()), key=lambda each: int(each.get("sequence-number", 0)))
    current = metadata.get("current-snapshot-id")
    return TableHistory(
        current=None if current in (None, -1) else current,
        snapshots=tuple(
            TableSnapshot(
                snapshot_id=each["snapshot-id"],
                parent_id=each.get("parent-snapshot-id"),
                committed_at=datetime.fromtimestamp(each["timestamp-ms"] / 1000, UTC),
                summary={key: str(value) for key, value in each.get("summary", {}).items()},
            )
            for each in found
        ),
    )
