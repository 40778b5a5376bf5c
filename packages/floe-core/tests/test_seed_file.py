"""A CSV file is checked before anything reads it."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from floe_core.compilation.seed_file import seed_problems

Write = Callable[[dict[str, bytes | str]], Path]


def problems(folder: Path, delimiter: str = ",") -> list[str]:
    return [f"{p.at}: {p.code} {p.message}" for p in seed_problems(folder / "s.csv", delimiter)]


@pytest.mark.requirement("FR-023")
@pytest.mark.parametrize(
    "content",
    [
        "id,name\n1,a\n2,b\n",
        "id,name\r\n1,a\r\n",
        "id,name\n1,a",
        "id,name\n",
        '\ufeffid,name\n1,"a, ""b""\nand c"\n',
        'id,name\n1,5" pipe\n',
        "id,name\n1,\n,\n",
        "id,name\n1,a\n\n\n",
        "id\n1\n",
        "id,name\n1,a\u2028b\x0b\n",
        f"id,name\n1,{'x' * 200_000}\n",
    ],
)
def test_a_well_formed_file_has_no_problem(write: Write, content: str) -> None:
    limit = csv.field_size_limit()
    assert problems(write({"s.csv": content})) == []
    assert csv.field_size_limit() == limit


@pytest.mark.requirement("FR-023")
@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("id,name\n1,a\n2\n3,c\n", ["s.csv:3:2: FLOE-E413 values in this row: 1, columns in the header: 2"]),
        ("id,name\n1,a,x,y\n", ["s.csv:2:5: FLOE-E413 values in this row: 4, columns in the header: 2"]),
        ("id,name\n1,a\n\n2,b\n", ["s.csv:3:1: FLOE-E413 values in this row: 0, columns in the header: 2"]),
        (
            'id,name\n1,"a\nb",x\n2,b\n3\n',
            [
                "s.csv:3:4: FLOE-E413 values in this row: 3, columns in the header: 2",
                "s.csv:5:2: FLOE-E413 values in this row: 1, columns in the header: 2",
            ],
        ),
        ("id,name\n1,a\n2,süß,ü\n", ["s.csv:3:7: FLOE-E413 values in this row: 3, columns in the header: 2"]),
        ('id,name\n1,"a"b\n', ["s.csv:2:6: FLOE-E414 'b' after a closing quote"]),
        ('id,name\n1,"a\n2,b\n', ["s.csv:2:3: FLOE-E414 this quote is never closed"]),
        ('id,name\n1,"a""\n2,b\n', ["s.csv:2:3: FLOE-E414 this quote is never closed"]),
        ("", ["s.csv:1:1: FLOE-E411 the file is empty"]),
        ("\n1,a\n", ["s.csv:1:1: FLOE-E411 the first line is empty"]),
        ("id,name,ID\n1,a,2\n", ["s.csv:1:9: FLOE-E412 duplicate column 'ID'"]),
        ("id,,name\n1,2,3\n", ["s.csv:1:4: FLOE-E412 a column without a name"]),
    ],
)
def test_a_malformed_file_is_told_with_line_and_column(
    write: Write, content: str, expected: list[str]
) -> None:
    assert problems(write({"s.csv": content})) == expected


@pytest.mark.requirement("FR-023")
def test_text_that_is_not_utf8_is_told_with_its_place(write: Write) -> None:
    folder = write({"s.csv": "id,name\n1,süß\n2,".encode() + "größe\n".encode("latin-1")})
    assert problems(folder) == ["s.csv:3:5: FLOE-E410 byte 0xf6 is not UTF-8"]


@pytest.mark.requirement("FR-023")
def test_another_delimiter_is_the_one_that_counts(write: Write) -> None:
    assert problems(write({"s.csv": "id;name\n1;a,b\n"}), ";") == []


@pytest.mark.requirement("FR-023")
def test_a_file_of_broken_rows_is_told_in_twenty_problems(write: Write) -> None:
    assert len(problems(write({"s.csv": "a,b\n" + "1\n" * 500}))) == 20
