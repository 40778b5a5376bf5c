"""Calling dbt in this process: one invocation at a time, quiet, telling nobody."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt.contracts.graph.manifest import Manifest
from dbt.parser import read_files
from dbt_common.events.base_types import EventMsg
from dbt_common.events.event_manager_client import cleanup_event_logger

from floe_core.plugins.dbt import DbtLocation
from floe_core.telemetry import redacted

_ONE_AT_A_TIME = threading.RLock()
_FILE_LOG = "file_log"  # the name dbt gives it


def invoke(
    command: str,
    location: DbtLocation,
    *arguments: str,
    manifest: Manifest | None = None,
    callbacks: Sequence[Callable[[EventMsg], None]] = (),
) -> dbtRunnerResult:
    """Run one dbt command; what it raised stands in the result, except an interrupt."""
    with exclusive(location.project_dir), _told_apart_by_content(), _no_words_of_loggers(), _redacted_log():
        os.environ["DO_NOT_TRACK"] = "1"  # dbt reads it with its flags
        runner = dbtRunner(manifest=manifest, callbacks=list(callbacks))
        try:
            result = runner.invoke([command, *_common(location), *arguments])
        finally:
            forget_events()
    if isinstance(result.exception, KeyboardInterrupt):
        raise KeyboardInterrupt
    return result


@contextmanager
def exclusive(project_dir: Path) -> Iterator[None]:
    """Hold dbt for this thread, standing in the project: relative paths in it start there."""
    with _ONE_AT_A_TIME:
        before = Path.cwd()
        os.chdir(project_dir)
        try:
            yield
        finally:
            os.chdir(before)


@contextmanager
def _told_apart_by_content() -> Iterator[None]:
    """Make dbt compare every file's checksum with the saved parse's.

    It takes a YAML file for unchanged when its modification time is the saved one, unless that is 0.0: an
    edit within one tick of the clock, or by a tool that keeps times, would go unnoticed.
    """
    module: Any = read_files
    search = module.filesystem_search

    def search_without_times(*arguments: Any) -> list[Any]:
        found: list[Any] = search(*arguments)
        for path in found:
            path.modification_time = 0.0
        return found

    module.filesystem_search = search_without_times
    try:
        yield
    finally:
        module.filesystem_search = search


@contextmanager
def _no_words_of_loggers() -> Iterator[None]:
    """Keep a log that cannot be written, as on a full disk, from printing a traceback for each line."""
    before = logging.raiseExceptions
    logging.raiseExceptions = False
    try:
        yield
    finally:
        logging.raiseExceptions = before


@contextmanager
def _redacted_log() -> Iterator[None]:
    """Keep secrets out of dbt's own log: it writes down all that an engine or a Python model says."""

    def redact(record: logging.LogRecord) -> bool:
        record.msg, record.args = redacted(record.getMessage()), None
        return True

    log = logging.getLogger(_FILE_LOG)
    log.addFilter(redact)
    try:
        yield
    finally:
        log.removeFilter(redact)


def _common(location: DbtLocation) -> list[str]:
    return [
        *("--project-dir", str(location.project_dir)),
        *("--profiles-dir", str(location.profiles_dir)),
        *("--target-path", str(location.target_dir)),
        *("--log-path", str(location.log_dir)),
        *("--log-level", "none", "--log-level-file", "info"),
        *("--quiet", "--no-print", "--no-use-colors", "--no-use-colors-file"),
        *("--no-send-anonymous-usage-stats", "--no-write-json", "--partial-parse"),
    ]


def forget_events() -> None:
    """Cut the loggers and callbacks that an invocation leaves, and close its log file."""
    cleanup_event_logger()
    log = logging.getLogger(_FILE_LOG)
    for handler in list(log.handlers):
        log.removeHandler(handler)
        handler.close()
