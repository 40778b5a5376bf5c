"""The line below a problem."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from floe_core.cli.excerpt import excerpt
from floe_core.errors import Position


@pytest.mark.requirement("FR-015")
@pytest.mark.parametrize(
    ("text", "line", "column", "shown"),
    [
        ("a: b\nretension: {x: y}\n", 2, 1, ["  2 | retension: {x: y}", "    | ^^^^^^^^^"]),
        ("größe: 'as is', x\n", 1, 8, ["  1 | größe: 'as is', x", "    |        ^^^^^^^"]),
        ("日本: x\n", 1, 5, ["  1 | 日本: x", "    |       ^"]),
        ("\tname: shop\n", 1, 1, ["  1 |  name: shop", "    |  ^^^^"]),
        ("a: [\n", 1, 99, ["  1 | a: [", "    |     ^"]),
        ("a: \x1b[31mred\r\n", 1, 4, ["  1 | a:  [31mred", "    |    ^"]),
        ("# nothing\n", 1, 1, []),
        ("a: b\n", 7, 1, []),
    ],
)
def test_the_place_is_shown_in_its_line(
    tmp_path: Path, text: str, line: int, column: int, shown: list[str]
) -> None:
    file = tmp_path / "floe.yaml"
    file.write_bytes(text.encode())
    assert excerpt(Position(str(file), line, column)) == shown


@pytest.mark.requirement("FR-015")
def test_a_long_line_is_cut_around_the_place(tmp_path: Path) -> None:
    file = tmp_path / "m.sql"
    file.write_text("select " + "x" * 200 + " as here, " + "y" * 200)
    above, below = excerpt(Position(str(file), 1, 212))
    assert (len(above), above[6], above[-1]) == (106, "…", "…")
    assert above[below.index("^") :].startswith("here,")
    assert below.count("^") == len("here")


@pytest.mark.requirement("FR-015")
def test_a_place_that_is_the_whole_file_shows_no_line(tmp_path: Path) -> None:
    file = tmp_path / "m.sql"
    file.write_text("select 1\n")
    assert excerpt(Position(str(file))) == []


@pytest.mark.requirement("FR-065", "FR-066")
@pytest.mark.parametrize("line", ["  password: hunter2", "{type: rest, clientSecret: hunter2, uri: x}"])
def test_what_is_called_a_secret_is_never_shown(tmp_path: Path, line: str) -> None:
    file = tmp_path / "manifest.yaml"
    file.write_text(line)
    for column in range(1, len(line) + 2):
        told = "\n".join(excerpt(Position(str(file), 1, column)))
        assert "hunter2" not in told
        assert "…" in told


@pytest.mark.requirement("FR-065")
def test_the_carets_stand_right_beside_what_was_hidden(tmp_path: Path) -> None:
    file = tmp_path / "manifest.yaml"
    file.write_text("{token: hunter2, urri: x}")
    assert excerpt(Position(str(file), 1, 18)) == ["  1 | {token: …, urri: x}", "    |            ^^^^"]


@pytest.mark.requirement("FR-015")
def test_what_is_no_file_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "floe.yaml")
    assert excerpt(Position(str(tmp_path / "floe.yaml"), 2, 2)) == []
    assert excerpt(Position(str(tmp_path / "gone.yaml"), 2, 2)) == []
