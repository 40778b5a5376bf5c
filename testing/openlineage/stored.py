"""The lineage events that a platform keeps beside its tables."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from floe_core.telemetry_reader import TelemetryReader

Event = dict[str, Any]


def stored_events(state_dir: Path, run_id: str) -> list[Event]:
    """The events of a run in the order they were told."""
    return TelemetryReader(state_dir).events(run_id)


def by_job(events: list[Event]) -> Mapping[str, list[Event]]:
    """The events of each job, by its name."""
    found: dict[str, list[Event]] = {}
    for event in events:
        found.setdefault(event["job"]["name"], []).append(event)
    return found


def column_lineage(event: Event) -> dict[str, str]:
    """Where each column of the output comes from: every 'table.column' its values are made of, sorted."""
    [output] = event["outputs"]
    facet = output["facets"].get("columnLineage", {"fields": {}})
    return {
        field: " ".join(
            sorted(
                f"{each['name'].partition('.')[2]}.{each['field']}"
                for each in said["inputFields"]
                if any(use["type"] == "DIRECT" for use in each["transformations"])
            )
        )
        for field, said in facet["fields"].items()
    }
