"""A run, told while it happens: a line for each model, and one for each test that is not fine."""

from __future__ import annotations

import shutil
import sys
import threading
from collections.abc import Collection
from itertools import islice

import click

from floe_core.cli.output import colours_unwanted, counted, say
from floe_core.events import ModelFinished, ModelStarted, RunEvent, TestFinished, Waiting
from floe_core.terminal import visible

_COLOURS = {
    "succeeded": "green",
    "reused": "green",
    "failed": "red",
    "errored": "red",
    "skipped": "yellow",
    "cancelled": "yellow",
    "warned": "yellow",
}
_WORDS = {"succeeded": "ok"}
_STATE_WIDTH = len("cancelled")
_ERASE = "\r\x1b[K"


class Progress:
    """An observer of a run that prints; events may come from several threads."""

    def __init__(self, names: Collection[str]) -> None:
        """``names`` are the models and seeds that may come, for the width of their column."""
        self._width = max(map(len, names), default=0)
        self._total = len(names)
        self._done = 0
        self._running: dict[str, str] = {}
        self._live = bool(sys.stdout and sys.stdout.isatty()) and not colours_unwanted()
        self._lock = threading.Lock()

    def __call__(self, event: RunEvent) -> None:
        with self._lock:
            if isinstance(event, ModelStarted):
                self._total = event.total
                self._running[event.unique_id] = event.name
                self._say()
            elif isinstance(event, ModelFinished):
                self._running.pop(event.unique_id, None)
                self._done += 1
                self._say(self._model(event))
            elif isinstance(event, TestFinished) and event.state not in ("passed", "skipped"):
                self._say(_test(event))
            elif isinstance(event, Waiting):
                self._say(click.style(f"waiting for {event.reason}: {event.seconds:.0f} s", fg="yellow"))

    def close(self) -> None:
        """Take away the line that says what is running."""
        with self._lock:
            self._running.clear()
            self._say()

    def _model(self, event: ModelFinished) -> str:
        total = str(max(self._total, self._done))
        word = _WORDS.get(event.state, event.state).ljust(_STATE_WIDTH)
        rows = "" if event.rows is None else counted(event.rows, "row")
        line = (
            f"{self._done:>{len(total)}}/{total}  {click.style(word, fg=_COLOURS[event.state])}"
            f"  {event.name:<{self._width}}  {rows:>16}"
        )
        return line.rstrip() if event.state == "skipped" else f"{line}  {event.seconds:6.2f} s"

    def _say(self, line: str | None = None) -> None:
        """Print the line, and below it, on a terminal, what is running."""
        if self._live:
            say(_ERASE, end="")
        if line is not None:
            say(visible(line))
        if self._live and self._running:
            say(visible(self._status()), end="")

    def _status(self) -> str:
        names = ", ".join(islice(self._running.values(), 4))
        more = ", ..." if len(self._running) > 4 else ""
        width = shutil.get_terminal_size().columns - 1
        return click.style(f"{self._done}/{self._total}  running {names}{more}"[:width], dim=True)


def _test(event: TestFinished) -> str:
    word = event.state.ljust(_STATE_WIDTH)
    first, *more = event.finding.splitlines()
    lines = [f"     {click.style(word, fg=_COLOURS[event.state])}  test {event.name}: {first}"]
    return "\n".join([*lines, *(f"       {line}" for line in more)])
