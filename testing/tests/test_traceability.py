"""The list of requirements and what the tests prove of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from testing import requirements
from testing.sources import modules_with_tests
from testing.traceability import Trace, marked, trace


def _trace(*, tests: dict[str, int], later: frozenset[str] = frozenset()) -> Trace:
    return Trace(tests, {"FR-001": "one", "FR-002": "two", "FR-003": "three"}, later)


@pytest.mark.requirement("NF-4")
def test_a_chapter_before_an_id_does_not_matter() -> None:
    assert requirements.canonical("13-FR-016") == "FR-016"
    assert requirements.unknown(("13-FR-016", "FR-016", "FR-999", 7)) == ["FR-999", "7"]


@pytest.mark.requirement("NF-4")
def test_every_id_not_yet_due_is_a_requirement_with_a_title() -> None:
    known = requirements.known()
    assert requirements.not_yet_due() - known.keys() == set()
    assert known["FR-016"] == "The same input compiles to the same bytes"


@pytest.mark.requirement("NF-4")
def test_due_requirements_without_a_test_lower_the_percentage() -> None:
    found = _trace(tests={"FR-001": 2}, later=frozenset({"FR-003"}))
    assert found.missing == ["FR-002"]
    assert found.percent == 50.0
    assert found.mistakes == []


@pytest.mark.requirement("NF-4")
def test_a_tested_requirement_cannot_stay_on_the_list_of_later_ones() -> None:
    found = _trace(tests={"FR-001": 1, "FR-002": 1, "FR-009": 1}, later=frozenset({"FR-002"}))
    assert found.mistakes == [
        "'FR-009' is no known requirement",
        "'FR-002' has a test: take it out of not_yet_due.txt",
    ]


@pytest.mark.requirement("NF-4")
def test_markers_are_read_from_functions_classes_and_parameters(tmp_path: Path) -> None:
    module = tmp_path / "tests" / "test_sample.py"
    module.parent.mkdir()
    module.write_text(
        "import pytest\n"
        "pytestmark = pytest.mark.requirement('FR-010')\n"
        "@pytest.mark.requirement('FR-011', '13-FR-012')\n"
        "class TestThing:\n"
        "    @pytest.mark.requirement('FR-011')\n"
        "    def test_it(self): ...\n"
    )
    assert modules_with_tests(tmp_path) == [module]
    assert trace([module]).tests == {"FR-010": 1, "FR-011": 2, "FR-012": 1}


@pytest.mark.requirement("NF-4")
def test_a_marker_in_a_text_is_no_marker() -> None:
    import ast

    assert marked(ast.parse("text = \"@pytest.mark.requirement('FR-010')\"")) == []
