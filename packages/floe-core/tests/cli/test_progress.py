"""A run, told while it happens."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest

from floe_core.cli.progress import Progress
from floe_core.events import ModelFinished, ModelStarted, Published, RunEvent, TestFinished

NAMES = ["raw_sales", "stg", "mart_total"]


def started(name: str, index: int) -> ModelStarted:
    return ModelStarted(f"model.p.{name}", name, index, len(NAMES))


EVENTS: list[RunEvent] = [
    started("raw_sales", 1),
    started("stg", 2),
    ModelFinished("model.p.stg", "stg", "succeeded", 0.254, rows=12345),
    ModelFinished("model.p.raw_sales", "raw_sales", "failed", 61.5, error="no"),
    TestFinished("test.p.a", "a", "stg", "passed", 0, 0.1, blocking=True),
    TestFinished("test.p.b", "b", "stg", "failed", 1200, 0.1, blocking=True),
    TestFinished("test.p.c", "c", "stg", "warned", 1, 0.1, blocking=False),
    TestFinished("test.p.d", "d", "stg", "errored", 0, 0.1, blocking=True, error="Binder Error: no\nLINE 1"),
    TestFinished("test.p.e", "e", "mart_total", "skipped", 0, 0.0, blocking=True),
    ModelFinished("model.p.mart_total", "mart_total", "skipped", 0.0),
    Published(tables=1),
]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(events: list[RunEvent]) -> None:
    progress = Progress(NAMES)
    for event in events:
        progress(event)
    progress.close()


@pytest.mark.requirement("FR-020")
def test_plain_lines_tell_models_and_the_tests_that_are_not_fine(capsys: pytest.CaptureFixture[str]) -> None:
    shown(EVENTS)
    assert capsys.readouterr().out.splitlines() == [
        "1/3  ok         stg              12,345 rows    0.25 s",
        "2/3  failed     raw_sales                      61.50 s",
        "     failed     test b: 1,200 rows break it",
        "     warned     test c: 1 row breaks it",
        "     errored    test d: Binder Error: no",
        "       LINE 1",
        "3/3  skipped    mart_total",
    ]


@pytest.mark.requirement("FR-020")
def test_a_terminal_sees_what_is_running_and_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", terminal := Terminal())
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "30")
    shown(EVENTS[:3])
    erase = "\r\x1b[K"
    assert terminal.getvalue() == (
        f"{erase}\x1b[2m0/3  running raw_sales\x1b[0m"
        f"{erase}\x1b[2m0/3  running raw_sales, stg\x1b[0m"
        f"{erase}1/3  \x1b[32mok       \x1b[0m  stg              12,345 rows    0.25 s\n"
        "\x1b[2m1/3  running raw_sales\x1b[0m"
        f"{erase}"
    )


@pytest.mark.requirement("FR-020")
@pytest.mark.parametrize(("variable", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_a_terminal_without_colours_gets_plain_lines(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setattr(sys, "stdout", terminal := Terminal())
    monkeypatch.setenv(variable, value)
    shown([started("stg", 1)])
    assert terminal.getvalue() == ""


@pytest.mark.requirement("FR-020")
def test_a_run_goes_on_when_nobody_reads_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as gone:
        monkeypatch.setattr(sys, "stdout", gone)
        shown(EVENTS)
        written = os.fstat(gone.fileno())
    nothing = Path(os.devnull).stat()
    assert (written.st_dev, written.st_ino) == (nothing.st_dev, nothing.st_ino)
