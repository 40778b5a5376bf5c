"""The form of JSON documents."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from floe_core.cli.output import Output, render, wants_json
from floe_core.terminal import visible


@pytest.mark.requirement("FR-022")
def test_a_document_has_a_line_for_each_key_and_each_item() -> None:
    noon = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=timezone(timedelta(hours=1)))
    content = {
        "state": "done",
        "at": noon,
        "none": [],
        "rows": [["ä", 1.5, float("nan")], [None, float("-inf"), True]],
        "nested": {"ended_at": datetime(2026, 3, 1, tzinfo=UTC)},
    }
    assert render(content).splitlines() == [
        "{",
        '  "schema_version": "1",',
        '  "state": "done",',
        '  "at": "2026-03-01T11:00:00.123Z",',
        '  "none": [],',
        '  "rows": [',
        '    ["ä", 1.5, "NaN"],',
        '    [null, "-Infinity", true]',
        "  ],",
        '  "nested": {"ended_at": "2026-03-01T00:00:00.000Z"}',
        "}",
    ]


@pytest.mark.requirement("FR-022")
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("run --output json", True),
        ("run --output=json --nonsense", True),
        ("run --output text", False),
        ("query json", False),
        ("run --output json --output text", False),
        ("run --output=text --output json", True),
        ("query -- --output=json", False),
        ("run --output", False),
    ],
)
def test_json_is_recognised_on_a_line_that_cannot_be_parsed(arguments: str, expected: bool) -> None:
    assert wants_json(arguments.split()) is expected


@pytest.mark.requirement("FR-066")
def test_what_a_terminal_obeys_is_written_out_and_colours_stay(capsys: pytest.CaptureFixture[str]) -> None:
    data = "could not convert '\x1b[2J\x1b]0;owned\x07\r\u202e\x9b'\n\tas it stands: größe"
    Output(json=False).line(data)
    Output(json=False).note(data)

    told = "could not convert '\\x1b[2J\\x1b]0;owned\\x07\\r\\u202e\\x9b'\n\tas it stands: größe\n"
    assert capsys.readouterr() == (told, told)
    assert visible("\x1b[31mfailed\x1b[0m") == "\x1b[31mfailed\x1b[0m"
