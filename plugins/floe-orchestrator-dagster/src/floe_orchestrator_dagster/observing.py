"""Who watches a run that is executed in the process that asked for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from floe_core.errors import FloeError
from floe_core.events import RunEvent


def _look_away(event: RunEvent) -> None:
    """A run of the UI or the daemon: Dagster's own log tells it."""


@dataclass
class Watcher:
    """Sees each step of a run, and afterwards the error that kept it from being one."""

    observe: Callable[[RunEvent], None] = _look_away
    error: FloeError | None = None


_watcher: ContextVar[Watcher | None] = ContextVar("floe_run_watcher", default=None)


def watcher() -> Watcher:
    return _watcher.get() or Watcher()


@contextmanager
def watched(by: Watcher) -> Iterator[None]:
    """Let ``by`` see the runs executed inside."""
    token = _watcher.set(by)
    try:
        yield
    finally:
        _watcher.reset(token)
