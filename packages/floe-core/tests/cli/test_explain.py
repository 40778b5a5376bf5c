"""Every code has a page, and floe prints it."""

from __future__ import annotations

import re

import pytest

from testing.command_line import Floe
from testing.sources import ROOT

PAGES = ROOT / "docs" / "errors"
SECTIONS = re.compile(
    r"# (FLOE-E\d{3}): (?P<title>[^\n]*[^\n.])\n\n"
    r"(?P<meaning>.+?)\n\n"
    r"## Example\n\n(?P<example>.+?)\n\n"
    r"## How to mend it\n\n(?P<mending>.+)\n",
    re.DOTALL,
)


def raised() -> set[str]:
    """The codes that stand in the sources that ship."""
    sources = [*ROOT.glob("packages/*/src/**/*.py"), *ROOT.glob("plugins/*/src/**/*.py")]
    return {code for path in sources for code in re.findall(r"FLOE-E\d{3}", path.read_text("utf-8"))}


@pytest.mark.requirement("FR-015")
def test_every_code_has_a_page_and_every_page_a_code() -> None:
    assert {page.stem for page in PAGES.iterdir()} == raised()


@pytest.mark.requirement("FR-015")
def test_every_page_says_what_it_means_with_an_example_and_how_to_mend_it() -> None:
    for page in PAGES.iterdir():
        found = SECTIONS.fullmatch(page.read_text("utf-8"))
        assert found, f"{page.name} has other parts than the others"
        assert found[1] == page.stem
        assert page.stem in found["example"], f"the example of {page.name} does not show it"


@pytest.mark.requirement("FR-015")
@pytest.mark.parametrize("word", ["FLOE-E204", "floe-e204", "E204", "204"])
def test_a_code_is_explained_however_short_it_is_typed(floe: Floe, word: str) -> None:
    result = floe("explain", word)
    page = (PAGES / "FLOE-E204.md").read_text("utf-8")
    assert (result.status, result.stdout, result.stderr) == (0, page, "")


@pytest.mark.requirement("FR-015")
def test_a_code_is_explained_to_programs_too(floe: Floe) -> None:
    text = (PAGES / "FLOE-E204.md").read_text("utf-8")
    assert floe("explain", "E204", "--output", "json").document == {
        "schema_version": "1",
        "code": "FLOE-E204",
        "title": "no such plugin",
        "text": text,
    }


@pytest.mark.requirement("FR-015")
def test_without_a_code_all_are_listed(floe: Floe) -> None:
    listed = floe("explain", "--output", "json").document["codes"]
    assert [each["code"] for each in listed] == sorted(raised())
    assert {"code": "FLOE-E201", "title": "unknown key"} in listed
    assert "FLOE-E201  unknown key\n" in floe("explain").stdout


@pytest.mark.requirement("FR-015")
@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("FLOE_E204", "did you mean 'FLOE-E204'?"),
        ("E298", "floe explain lists them all"),
        ("compute.threads", "floe compile --explain compute.threads"),
    ],
)
def test_what_is_no_code_is_told_with_the_way_on(floe: Floe, word: str, hint: str) -> None:
    result = floe("explain", word)
    said = f"FLOE-E018 no error code '{word}'\n  hint: {hint}\n"
    assert (result.status, result.stdout, result.stderr) == (2, "", said)
