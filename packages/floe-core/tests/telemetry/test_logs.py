"""Whoever logs, it is one kind of line, for programs and for people."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from floe_core import telemetry
from floe_core.telemetry import LogLine, Meter, Resource, SpanContext, Subject, Value
from floe_core.telemetry.log_lines import StreamExporter, json_lines, text_lines, wanted_level
from floe_core.telemetry.logs import Door
from testing.kept_records import Kept

RUN, MODEL = SpanContext("a" * 32, "b" * 16), SpanContext("a" * 32, "c" * 16)
OF_RUN: dict[str, Value] = {
    "pipeline_name": "shop",
    "floe.product": "shop",
    "floe.run_id": "r1",
    "floe.attempt": 1,
}
OF_MODEL: dict[str, Value] = {
    **OF_RUN,
    "model_name": "orders",
    "layer": "gold",
    "floe.unique_id": "model.shop.orders",
}


class KeptLines(Kept):
    """Keeps every record, and shows the lines among them."""

    @property
    def lines(self) -> list[LogLine]:
        return [record for record in self.records if isinstance(record, LogLine)]


class Unspeakable:
    """Cannot be made a text."""

    def __str__(self) -> str:
        raise RuntimeError("not now")


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[KeptLines]:
    """What is logged in a run, complete when the session of the test has ended."""
    kept, resource = KeptLines(), Resource("shop", "dev", "p", "1.0.0", tmp_path)
    subject = Subject(resource, RUN, Meter({}), {RUN.span_id: OF_RUN, MODEL.span_id: OF_MODEL})
    with telemetry.about(subject):
        yield kept


@pytest.mark.requirement("FR-045", "FR-042")
def test_floes_own_lines_and_everybody_elses_carry_run_and_model(kept: KeptLines, tmp_path: Path) -> None:
    with telemetry.session():
        telemetry.attach("key", [kept], tmp_path)
        with telemetry.hearing_others():
            telemetry.get_logger("floe.run").info("published", tables=3, path=tmp_path)
            with telemetry.within(MODEL):
                logging.getLogger("some.library").warning("%s of %d", "one", 7)
                logging.getLogger("some.library").debug("nobody wants to know")
                try:
                    raise KeyError("x")
                except KeyError:
                    logging.getLogger("another").exception("broken")
        logging.getLogger("some.library").warning("after the run")
    own, library, broken = kept.lines
    assert (own.level, own.logger, own.message, own.context) == ("info", "floe.run", "published", RUN)
    assert own.attributes == {**OF_RUN, "tables": 3, "path": str(tmp_path)}
    assert (library.level, library.logger, library.message) == ("warning", "some.library", "one of 7")
    assert (library.context, library.attributes) == (MODEL, OF_MODEL)
    assert broken.attributes == {**OF_MODEL, "exception.type": "KeyError", "exception.message": "'x'"}


@pytest.mark.requirement("FR-046")
def test_a_line_that_is_no_text_hurts_nobody_who_logs_it(
    kept: KeptLines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)  # with which Python prints them
    with telemetry.session():
        telemetry.attach("key", [kept], tmp_path)
        for said, given in (("%(here)s", ({"there": 1},)), ("%s", (Unspeakable(),)), ("%d rows", (3,))):
            Door().handle(logging.LogRecord("library", logging.INFO, "library.py", 1, said, given, None))
    assert [line.message for line in kept.lines] == ["%(here)s", "3 rows"]


LINE = LogLine(
    int(datetime(2026, 1, 31, 12, 30, 15, 250_000, tzinfo=UTC).timestamp() * 1e9),
    "error",
    "floe.run",
    "model failed",
    Resource("shop", "dev", "p", "1.0.0", Path("/x")),
    MODEL,
    {**OF_MODEL, "error": "no such column: 'ü'"},
)


@pytest.mark.requirement("FR-045")
def test_a_line_is_json_for_programs() -> None:
    [text] = json_lines([LINE]).splitlines()
    assert json.loads(text) == {
        "timestamp": "2026-01-31T12:30:15.250Z",
        "level": "error",
        "logger": "floe.run",
        "event": "model failed",
        "trace_id": "a" * 32,
        "span_id": "c" * 16,
        "product": "shop",
        "run_id": "r1",
        "attempt": 1,
        "model": "orders",
        "layer": "gold",
        "unique_id": "model.shop.orders",
        "error": "no such column: 'ü'",
    }


class Terminal(io.StringIO):
    """A stream that claims to be one."""

    def isatty(self) -> bool:
        return True


@pytest.mark.requirement("FR-045")
def test_a_line_is_words_on_a_terminal() -> None:
    terminal, pipe = Terminal(), io.StringIO()
    for stream in (terminal, pipe):
        exporter = StreamExporter("warning", stream)
        assert exporter.wants(LINE)
        exporter.export([LINE], 1)
    told = terminal.getvalue()
    assert told == text_lines([LINE])
    assert told[8:] == "  error   floe.run  orders: model failed error=no such column: 'ü'\n"
    assert pipe.getvalue() == json_lines([LINE])


@pytest.mark.parametrize(
    ("said", "level"), [("info", "info"), (" WARNING ", "warning"), ("", None), ("loud", None), ("1", None)]
)
@pytest.mark.requirement("FR-045")
def test_floe_log_names_a_level(said: str, level: str | None) -> None:
    assert wanted_level(said) == level
