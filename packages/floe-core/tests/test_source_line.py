"""From rendered SQL back to the line somebody wrote."""

from __future__ import annotations

import pytest

from floe_core.compilation.source_line import source_line

RAW = """\
{{ config(
    materialized='table'
) }}
select
    {{ twice('a') }} as a,
    missing as b,
    missing as b
from {{ ref('x') }}
"""


@pytest.mark.requirement("WU-6")
def test_with_as_many_lines_it_is_the_same_line() -> None:
    raw = "select\n    {{ x }} as a,\n    missing\nfrom t\n"
    compiled = "select\n    1 as a,\n    missing\nfrom t"
    assert source_line(raw, compiled, 3, 5) == (3, 5)


@pytest.mark.requirement("WU-6")
def test_a_column_behind_something_rendered_is_found_by_the_words_around_it() -> None:
    assert source_line("select {{ x }}, missing\n", "select 1, missing", 1, 11) == (1, 17)
    assert source_line("select {{ x }}\n", "select missing", 1, 8) == (1, 8)
    assert source_line("select a, {{ x }}\n", "select a, 1", 1, 8) == (1, 8)


@pytest.mark.requirement("WU-6")
def test_with_another_number_of_lines_it_is_the_line_with_the_same_text() -> None:
    compiled = "\nselect\n    a * 2 as a,\n    missing as b,\n    missing as b\nfrom t"
    assert source_line(RAW, compiled, 4, 5) == (6, 5)


@pytest.mark.requirement("WU-6")
def test_equal_lines_keep_their_order() -> None:
    raw = "{#\n#}select\n    x,\n    y,\n    x,\nfrom t\n"
    assert source_line(raw, "select\n    x,\n    y,\n    x,\nfrom t", 4, 5) == (5, 5)


@pytest.mark.requirement("WU-6")
def test_blank_lines_dbt_strips_are_counted_again() -> None:
    assert source_line("\n\nselect\nmissing\n", "select\nmissing", 2, 1) == (4, 1)


@pytest.mark.requirement("WU-6")
def test_a_line_that_only_rendering_made_has_no_source() -> None:
    assert source_line(RAW, "select\n    a * 2 as a\nfrom t", 2, 5) is None
    assert source_line(RAW, "select", 9, 1) is None
