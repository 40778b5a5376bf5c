"""The JSON shapes that programs rely on."""

from __future__ import annotations

from typing import Any

from floe_core.lake import PublishedTable
from floe_core.run_result import RunResult


def run_document(result: RunResult) -> dict[str, Any]:
    """A run with its models and tests."""
    return {
        **run_item(result),
        "models": [
            {
                "name": model.name,
                "state": model.state,
                "snapshot_id": _id(model.snapshot_id),
                "rows": model.rows,
                "seconds": round(model.seconds, 3),
                "error": model.error,
            }
            for model in result.models
        ],
        "tests": [
            {
                "name": test.name,
                "model": test.model,
                "state": test.state,
                "failures": test.failures,
            }
            for test in result.tests
        ],
    }


def run_item(result: RunResult) -> dict[str, Any]:
    """A run as a line of a list."""
    return {
        "run_id": result.run_id,
        "attempt": result.attempt,
        "product": result.product,
        "environment": result.environment,
        "artifact_digest": result.artifact_digest,
        "state": result.state,
        "published": result.published,
        "trace_id": result.trace_id,
        "started_at": result.started_at,
        "ended_at": result.ended_at,
        "reason": result.reason,
    }


def table_item(table: PublishedTable, layer: str | None) -> dict[str, Any]:
    """A table as readers of main see it."""
    return {
        "name": table.name,
        "layer": layer,
        "snapshot_id": _id(table.snapshot_id),
        "rows": table.rows,
        "committed_at": table.committed_at,
    }


def _id(number: int | None) -> str | None:
    """Snapshot ids need 63 bits, JSON readers often have 53."""
    return None if number is None else str(number)
