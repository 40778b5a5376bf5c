"""Models that dbt builds in batches of time, as time partitions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import dagster as dg

from floe_core.schemas.artifacts import Microbatch
from floe_orchestrator_dagster.names import Product

_SIZES = ("hour", "day", "month", "year")
_FORMATS = {"hour": "%Y-%m-%dT%H:00", "day": "%Y-%m-%d", "month": "%Y-%m", "year": "%Y"}
_CRONS = {"hour": "0 * * * *", "day": "0 0 * * *", "month": "0 0 1 * *", "year": "0 0 1 1 *"}

Window = tuple[datetime, datetime]


def partitions_of(artifacts: Product) -> dg.TimeWindowPartitionsDefinition | None:
    """The partitions of all models of a product that are built in batches; None when none is.

    There is one definition for all of them, since a run has one range of partitions: of the largest batch,
    which smaller ones fill evenly, and from the earliest beginning. The batch that is going on is one.
    """
    batched = [node.microbatch for node in artifacts.transforms if node.microbatch]
    if not batched:
        return None
    size = max((each.batch_size for each in batched), key=_SIZES.index)
    return dg.TimeWindowPartitionsDefinition(
        start=min(_start(each, size) for each in batched),
        fmt=_FORMATS[size],
        cron_schedule=_CRONS[size],
        timezone="UTC",
        end_offset=1,
    )


def window_of(
    partitions: dg.TimeWindowPartitionsDefinition | None, context: dg.AssetExecutionContext
) -> Window | None:
    """The time the run is to build, as the first and last of its partitions say; None without any."""
    if partitions is None or not context.has_partition_key_range:
        return None
    asked = context.partition_key_range
    first = partitions.time_window_for_partition_key(asked.start)
    last = partitions.time_window_for_partition_key(asked.end)
    return first.start, last.end


def partitions_built(partitions: dg.TimeWindowPartitionsDefinition, windows: Iterable[Window]) -> list[str]:
    """The partitions that the windows lie in, sorted."""
    built: set[str] = set()
    for start, end in windows:
        built.update(
            partitions.get_partition_keys_in_time_window(dg.TimeWindow(*_whole(partitions, start, end)))
        )
    return sorted(built)


def _whole(partitions: dg.TimeWindowPartitionsDefinition, start: datetime, end: datetime) -> Window:
    """The window, widened to where its first partition begins."""
    first = partitions.get_partition_key_for_timestamp(start.timestamp())
    return partitions.time_window_for_partition_key(first).start, end


def _start(microbatch: Microbatch, size: str) -> datetime:
    """The start of the partition that the model's first batch is in, as dbt cuts time."""
    moment = datetime.fromisoformat(microbatch.begin)
    moment = moment.astimezone(UTC) if moment.tzinfo else moment
    month = moment.month if size != "year" else 1
    day = moment.day if size in ("hour", "day") else 1
    return datetime(moment.year, month, day, moment.hour if size == "hour" else 0, tzinfo=UTC)
