"""What Dagster itself tells of a run, through floe's door of log lines; the run's trace covers it."""

from __future__ import annotations

import logging
from collections import deque

import dagster as dg
from dagster._core.log_manager import get_log_record_event, has_log_record_event
from dagster._loggers import colored_console_logger

from floe_core import telemetry
from floe_core.telemetry import Door, Subject

SCOPE = "floe.dagster"
_HELD = 64
_NOISE = {"STEP_OUTPUT", "HANDLED_OUTPUT"}  # one for each table and check, which have lines of their own


class DagsterDoor(Door):
    """Takes Dagster's events; what it is told in floe's own words floe has logged already.

    The first events come before the run has a trace: they wait for it.
    """

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self._held: deque[logging.LogRecord] = deque(maxlen=_HELD)
        self._subject: Subject | None = None

    def emit(self, record: logging.LogRecord) -> None:
        self._subject = telemetry.subject() or self._subject
        if not has_log_record_event(record) or get_log_record_event(record).event_type_value in _NOISE:
            return
        self._held.append(record)
        while self._subject and self._held:
            self.pass_on(self._in_words(self._held.popleft()), self._subject)

    def _in_words(self, record: logging.LogRecord) -> logging.LogRecord:
        """The event's kind and message, without the ids and columns that a terminal is shown."""
        event = get_log_record_event(record)
        words = f"{event.event_type_value}: {event.message}" if event.message else event.event_type_value
        level = logging.ERROR if event.is_failure else logging.INFO
        return logging.LogRecord("dagster", level, record.pathname, record.lineno, words, None, None)


def _console(context: dg.InitLoggerContext) -> logging.Logger:
    """The logger that jobs have by default, heard by floe whatever level the console shows."""
    shown = colored_console_logger.logger_fn(context)
    for handler in shown.handlers:
        handler.setLevel(max(handler.level, shown.level))
    shown.setLevel(logging.DEBUG)
    shown.addHandler(DagsterDoor())
    return shown


console = dg.LoggerDefinition(
    _console, colored_console_logger.config_schema, description="The console, and floe's log."
)
