"""Every code has a page, and floe prints it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from testing.command_line import Floe, write
from testing.sources import ROOT

PAGES = ROOT / "docs" / "errors"
SECTIONS = re.compile(
    r"# (FLOE-E\d{3}): (?P<title>[^\n]*[^\n.])\n\n"
    r"(?P<meaning>.+?)\n\n"
    r"## Example\n\n(?P<example>.+?)\n\n"
    r"## How to mend it\n\n(?P<mending>.+)\n",
    re.DOTALL,
)


SHOWN_FILE = re.compile(r"`(?P<name>[^`\n]+)`:\n\n```yaml\n(?P<text>.*?)```", re.DOTALL)
SHOWN_COMPILE = re.compile(r"```console\n\$ floe compile\n(?P<told>.*?)```", re.DOTALL)
PLACE = re.compile(r"([\w.]+\.yaml):(\d+):(\d+)")
OF_OTHERS_PLUGINS = {"FLOE-E222"}


def shown() -> dict[str, tuple[dict[str, str], str]]:
    """The files and what is told of them, by the code of the page that shows both."""
    pages = {page.stem: page.read_text("utf-8") for page in PAGES.iterdir()}
    files = {code: dict(SHOWN_FILE.findall(text)) for code, text in pages.items()}
    told = {code: SHOWN_COMPILE.search(text) for code, text in pages.items()}
    return {code: (files[code], said["told"]) for code, said in told.items() if files[code] and said}


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
def test_every_place_that_a_page_quotes_is_one_in_the_files_that_it_shows() -> None:
    for code, (files, told) in shown().items():
        for name, line, column in PLACE.findall(told):
            assert 0 < int(column) <= len(files[name].splitlines()[int(line) - 1]), f"{code}: {name}:{line}"


@pytest.mark.requirement("FR-015")
@pytest.mark.parametrize("code", sorted(shown().keys() - OF_OTHERS_PLUGINS))
def test_the_files_of_a_page_are_told_as_it_says(floe: Floe, tmp_path: Path, code: str) -> None:
    files, told = shown()[code]
    write(tmp_path, {"floe.yaml": "metadata: {name: shop}\n"} | files)
    result = floe("compile")
    assert result.status == 2
    assert [line for line in told.splitlines() if line not in result.stderr.splitlines()] == []


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
