"""The spans of a run laid out in time, and what the run had to wait for."""

from __future__ import annotations

import pytest

from floe_core.cli.waterfall import Part, critical_path, failures, parts_of, waterfall
from floe_core.telemetry import SpanContext
from floe_core.telemetry_reader import ToldSpan


def _span(
    span_id: str,
    parent: str | None,
    name: str,
    start_s: float,
    end_s: float,
    error: str | None = None,
    **said: str,
) -> ToldSpan:
    context = SpanContext("0" * 31 + "1", span_id)
    start, end = int(start_s * 1e9), int(end_s * 1e9)
    return ToldSpan(context, parent, name, start, end, error, said, ())


def _root(*spans: ToldSpan) -> Part:
    root = parts_of(spans, "r")
    assert root is not None
    return root


RUN = _root(
    _span("r", None, "run", 0, 10),
    _span("a", "r", "model", 1, 4, model_name="a"),
    _span("a1", "a", "execute", 1, 3),
    _span("b", "r", "model", 1, 6, model_name="b"),
    _span("c", "r", "model", 6, 9, "no such column", model_name="c"),
    _span("p", "r", "publish", 9, 10),
    _span("d", "r", "model", 10, 10, model_name="d", **{"floe.state": "skipped"}),
    _span("x", None, "run", 0, 10),
)


@pytest.mark.requirement("FR-040")
def test_the_critical_path_is_what_the_run_had_to_wait_for() -> None:
    assert [part.label for part in critical_path(RUN)] == ["b", "c", "publish"]


@pytest.mark.requirement("FR-040")
def test_bars_lie_where_the_parts_lay_in_time() -> None:
    lines = [
        line.replace("\x1b[31m", "").replace("\x1b[0m", "") for line in waterfall(RUN, width=66, deep=True)
    ]

    assert lines == [
        "run                                   10.00 s  ━━━━━━━━━━━━━━━━━━━━",
        "  a                                    3.00 s    ──────",
        "    execute                            2.00 s    ────",
        "  b                                    5.00 s    ━━━━━━━━━━",
        "  c                                    3.00 s              ━━━━━━  failed",
        "  publish                              1.00 s                    ━━",
        "  d                                    0.00 s                     ─",
    ]
    assert [line.split()[0] for line in waterfall(RUN, width=66, deep=False)][1:3] == ["a", "b"]


@pytest.mark.requirement("FR-040")
def test_what_failed_is_red() -> None:
    assert [line.startswith("\x1b[31m") for line in waterfall(RUN, width=66, deep=False)] == [
        False,
        False,
        False,
        True,
        False,
        False,
    ]


@pytest.mark.requirement("FR-040")
def test_what_failed_is_named_also_where_only_the_whole_is_known_to_have() -> None:
    alone = _root(_span("r", None, "run", 0, 1, "its process ended without a word"))

    assert [(part.label, part.span.error) for part in failures(RUN)] == [("c", "no such column")]
    assert [(part.label, part.span.error) for part in failures(alone)] == [
        ("run", "its process ended without a word")
    ]


@pytest.mark.requirement("FR-040")
def test_a_run_that_was_never_told_has_no_parts() -> None:
    assert parts_of([_span("a", "r", "model", 1, 4)], "r") is None
