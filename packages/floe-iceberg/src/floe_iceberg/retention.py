"""Deleting rows that are older than a table is to keep them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.types import DateType, IcebergType, TimestampType, TimestamptzType

from floe_core.errors import Problem, WorkError
from floe_core.lake import RowRetention
from floe_iceberg.history import milliseconds, time_of
from floe_iceberg.sql import identifier
from floe_iceberg.table import TableId

# times without a zone are UTC, as everywhere in floe; a day is older once all of it is
_LITERALS: dict[type[IcebergType], str] = {
    TimestamptzType: "TIMESTAMPTZ '{:%Y-%m-%d %H:%M:%S.%f}+00'",
    TimestampType: "TIMESTAMP '{:%Y-%m-%d %H:%M:%S.%f}'",
    DateType: "DATE '{:%Y-%m-%d}'",
}


def older(schema: Schema, retention: RowRetention, now: datetime) -> str | None:
    """The condition that a row is too old; None when the schema has no such column.

    Raises WorkError when the column tells no time.
    """
    field = next((f for f in schema.fields if f.name.lower() == retention.column.lower()), None)
    if field is None:
        return None
    form = _LITERALS.get(type(field.field_type))
    if form is None:
        raise WorkError(
            Problem(
                "FLOE-E540",
                f"column '{field.name}' is of type '{field.field_type}', which tells no row's age",
                hint="cast it to a timestamp in the model",
            )
        )
    end = now.astimezone(UTC) - timedelta(seconds=retention.max_age_s)
    return f"{identifier(field.name)} < {form.format(end)}"


def refuse_early_clock(name: TableId, table: Table, now: datetime) -> None:
    """Refuse to judge ages by a clock that is behind the table's newest snapshot."""
    newest = max((snapshot.timestamp_ms for snapshot in table.metadata.snapshots), default=0)
    if milliseconds(now) < newest:
        raise WorkError(
            Problem(
                "FLOE-E541",
                f"the clock says {now.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC, but '{name}' was written at "
                f"{time_of(newest):%Y-%m-%d %H:%M:%S} UTC: no row's age can be told",
                hint="set the clock right, then maintain again",
            )
        )
