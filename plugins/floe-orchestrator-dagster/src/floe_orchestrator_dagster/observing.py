"""Who watches a run that is executed in the process that asked for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from floe_core.events import RunEvent


def _nobody(event: RunEvent) -> None:
    """A run of the UI or the daemon: Dagster's own log tells it."""


_observer: ContextVar[Callable[[RunEvent], None]] = ContextVar("floe_run_observer", default=_nobody)


def observer() -> Callable[[RunEvent], None]:
    return _observer.get()


@contextmanager
def observed(by: Callable[[RunEvent], None]) -> Iterator[None]:
    """Let ``by`` see the steps of the runs executed inside."""
    token = _observer.set(by)
    try:
        yield
    finally:
        _observer.reset(token)
