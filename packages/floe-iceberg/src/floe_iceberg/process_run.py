"""The run of this process: adapters ask here, since dbt's threads inherit no context."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from floe_core.errors import ConflictError, Problem
from floe_iceberg.run import RunTransaction

_current: RunTransaction | None = None
_current_lock = threading.Lock()


def current_run() -> RunTransaction | None:
    return _current


@contextmanager
def running(transaction: RunTransaction) -> Iterator[RunTransaction]:
    """Make the transaction the run of this process; leaving without publishing leaves its branch behind."""
    global _current
    with _current_lock:
        if _current is not None:
            raise ConflictError(
                Problem("FLOE-E531", f"this process is in the run '{_current.identity.run_id}' already")
            )
        _current = transaction
    try:
        yield transaction
    finally:
        with _current_lock:
            _current = None
