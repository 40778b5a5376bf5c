"""The one door of log lines: floe's own, and what Python's logging brings, from whomever."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from floe_core.telemetry.context import SpanContext, current
from floe_core.telemetry.process import Subject, offer, subject
from floe_core.telemetry.records import Level, LogLine, Value

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

_LEVELS: Mapping[str, Level] = {
    "debug": "debug",
    "info": "info",
    "warning": "warning",
    "warn": "warning",
    "error": "error",
    "critical": "critical",
    "exception": "error",
}


@cache
def get_logger(name: str) -> FilteringBoundLogger:
    """A logger of floe's own: ``log.info("published", tables=3)``; what is given by name is an attribute."""
    import structlog  # a tenth of a second, which only those pay who log

    def told(_: Any, method: str, event: MutableMapping[str, Any]) -> str:
        tell(name, _LEVELS[method], str(event.pop("event")), event)
        raise structlog.DropEvent

    made: FilteringBoundLogger = structlog.wrap_logger(
        None, processors=[told], wrapper_class=structlog.make_filtering_bound_logger(logging.INFO)
    )
    return made


def tell(
    logger: str,
    level: Level,
    message: str,
    attributes: Mapping[str, Any],
    context: SpanContext | None = None,
    at: Subject | None = None,
) -> None:
    """Tell a line, with its span and what those below that say; outside of work nobody hears it.

    Without ``at`` it is about what this process is at.
    """
    at = at or subject()
    if at is None:
        return
    context = context or current() or at.whole
    said = {**at.common(context), **{key: _plain(value) for key, value in attributes.items()}}
    offer(LogLine(time.time_ns(), level, logger, message, at.resource, context, said))


class Door(logging.Handler):
    """Takes what others log, whatever they log it with."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self.pass_on(record)
        except Exception:  # noqa: BLE001 - what is logged may raise anything on its way to a text
            self.handleError(record)

    def pass_on(self, record: logging.LogRecord, at: Subject | None = None) -> None:
        """Tell the record's line."""
        level = _LEVELS.get(record.levelname.lower(), "info")
        said: dict[str, Any] = {}
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            said = {"exception.type": type(error).__name__, "exception.message": str(error)}
        try:
            message = record.getMessage()
        except (KeyError, TypeError, ValueError):  # arguments that do not fit the text
            message = str(record.msg)
        tell(record.name, level, message, said, at=at)


@contextmanager
def hearing_others() -> Iterator[None]:
    """Let what is logged through Python's own logging, by anybody, pass through the door.

    Levels stay as they are: other handlers would show what was to be silent.
    """
    root, door = logging.getLogger(), Door(logging.INFO)
    root.addHandler(door)
    try:
        yield
    finally:
        root.removeHandler(door)


def _plain(value: Any) -> Value:
    return value if isinstance(value, str | int | float | bool) else str(value)
