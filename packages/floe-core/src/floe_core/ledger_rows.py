"""The ledger's rows as values, and times as it writes them."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime
from typing import Any

from floe_core.lake import MaintenanceResult, TableMaintenance
from floe_core.run_result import RunResult


def now() -> str:
    return as_text(datetime.now(UTC))


def as_text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def maintenance_of(row: sqlite3.Row) -> MaintenanceResult:
    values = dict(row)
    tables = tuple(_maintained(table) for table in json.loads(values.pop("tables")))
    started_at, ended_at = (datetime.fromisoformat(values.pop(key)) for key in ("started_at", "ended_at"))
    return MaintenanceResult(**values, started_at=started_at, ended_at=ended_at, tables=tables)


def _maintained(table: dict[str, Any]) -> TableMaintenance:
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in table.items()}
    return TableMaintenance(**values)


def run_of(row: sqlite3.Row) -> RunResult:
    values = dict(row)
    started_at = _time(values.pop("started_at"))
    assert started_at is not None  # the column is not null
    return RunResult(
        **{
            **values,
            "published": bool(values["published"]),
            "full_refresh": bool(values["full_refresh"]),
            "ended_at": _time(values["ended_at"]),
        },
        started_at=started_at,
    )
