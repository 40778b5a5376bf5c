"""What maintenance did, for programs and for people."""

from __future__ import annotations

from typing import Any

import click

from floe_core.cli.output import counted
from floe_core.cli.table import table
from floe_core.lake import TableMaintenance

_HEADERS = ("table", "rows deleted", "compacted", "snapshots expired", "files removed", "waiting")
_RIGHT = (False, True, True, True, True, True)
_COUNTS = ("rows_deleted", "files_compacted", "files_removed", "files_waiting")
_UNITS = ("kB", "MB", "GB", "TB")


def maintenance_item(report: TableMaintenance) -> dict[str, Any]:
    """A table as ``floe maintain`` says it in JSON."""
    return {
        "namespace": report.namespace,
        "name": report.table,
        "rows_deleted": report.rows_deleted,
        "files_compacted": report.files_compacted,
        "snapshots_expired": [str(snapshot_id) for snapshot_id in report.snapshots_expired],
        "runs_let_go": list(report.runs_let_go),
        "dropped": report.dropped,
        "files_removed": report.files_removed,
        "bytes_removed": report.bytes_removed,
        "files_waiting": report.files_waiting,
        "bytes_waiting": report.bytes_waiting,
        "notes": list(report.notes),
    }


def maintained_lines(product: dict[str, Any], *, dry_run: bool) -> list[str]:
    """The same for people; tables nothing was done to are left out."""
    if product["error"]:
        return []
    tables = product["tables"]
    head = f"{click.style(product['name'], bold=True)}: {_summary(tables, dry_run=dry_run)}"
    touched = [entry for entry in tables if _is_touched(entry)]
    lines = table(_HEADERS, map(_row, touched), right=_RIGHT).splitlines() if touched else []
    notes = [f"'{entry['name']}': {note}" for entry in tables for note in entry["notes"]]
    return [head, *(f"  {line}" for line in [*lines, *notes])]


def _summary(tables: list[dict[str, Any]], *, dry_run: bool) -> str:
    done = "would remove" if dry_run else "removed"
    removed = sum(entry["files_removed"] for entry in tables)
    waiting = sum(entry["files_waiting"] for entry in tables)
    said = f"{done} {counted(removed, 'file')} ({size(sum(entry['bytes_removed'] for entry in tables))})"
    if waiting:
        room = size(sum(entry["bytes_waiting"] for entry in tables))
        said += f"; {counted(waiting, 'file')} ({room}) no longer needed, to be removed by a later pass"
    return said


def _is_touched(entry: dict[str, Any]) -> bool:
    lists = (entry["snapshots_expired"], entry["runs_let_go"])
    return entry["dropped"] or any(lists) or any(entry[count] for count in _COUNTS)


def _row(entry: dict[str, Any]) -> tuple[object, ...]:
    return (
        f"{entry['name']} (never published: dropped)" if entry["dropped"] else entry["name"],
        f"{entry['rows_deleted']:,}",
        f"{entry['files_compacted']:,}",
        f"{len(entry['snapshots_expired']):,}",
        f"{entry['files_removed']:,}",
        f"{entry['files_waiting']:,}",
    )


def size(count: int) -> str:
    """Bytes as people say them."""
    if count < 1000:
        return counted(count, "byte")
    thousands = min((len(str(count)) - 1) // 3, len(_UNITS))
    return f"{count / 1000**thousands:.1f} {_UNITS[thousands - 1]}"
