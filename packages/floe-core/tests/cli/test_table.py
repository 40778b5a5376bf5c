"""Rows in aligned columns."""

from __future__ import annotations

import pytest

from floe_core.cli.table import is_number, table


@pytest.mark.requirement("FR-022")
def test_columns_are_aligned_numbers_flush_right_and_null_is_said() -> None:
    rows = [("Zürich", 12, None), ("Ōsaka 大阪", 1200, True), (None, None, False)]
    assert table(("city", "rows", "open"), rows, right=(False, True)).splitlines() == [
        "city        rows  open",
        "----------  ----  -----",
        "Zürich        12  NULL",
        "Ōsaka 大阪  1200  true",
        "NULL        NULL  false",
    ]


@pytest.mark.requirement("FR-022")
def test_a_value_stays_on_its_line_and_moves_no_cursor() -> None:
    rows = [("a\nb\x1b[2J\tc",), ({"k": ["ä", None]},)]
    assert table(("v",), rows).splitlines()[2:] == ["a\\nb\\x1b[2J\\tc", '{"k": ["ä", null]}']


@pytest.mark.requirement("FR-022")
def test_no_rows_leave_the_headers() -> None:
    assert table(("a", "long name"), []) == "a  long name\n-  ---------"


@pytest.mark.requirement("FR-022")
@pytest.mark.parametrize(
    ("engine_type", "expected"),
    [
        ("INTEGER", True),
        ("BIGINT", True),
        ("UTINYINT", True),
        ("HUGEINT", True),
        ("DECIMAL(18,2)", True),
        ("DOUBLE", True),
        ("VARCHAR", False),
        ("INTEGER[]", False),
        ("STRUCT(a INTEGER)", False),
        ("DECIMAL(9,2)[]", False),
        ("MAP(VARCHAR, INTEGER)", False),
        ("TIMESTAMP WITH TIME ZONE", False),
        ("DATE", False),
    ],
)
def test_what_is_a_number_is_told_by_the_type(engine_type: str, expected: bool) -> None:
    assert is_number(engine_type) is expected
