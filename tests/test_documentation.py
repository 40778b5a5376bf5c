"""The documentation is true: its sessions are typed again, its links lead somewhere, its files are valid."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from floe_core.cli.program import program
from floe_core.schemas.manifest import Manifest
from floe_core.schemas.spec import FloeSpec
from floe_core.yaml_file import read_yaml
from testing.session import replayed
from testing.sources import ROOT

DOCS = ROOT / "docs"
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted(DOCS.glob("*.md")),
    *sorted(DOCS.glob("concepts/*.md")),
]
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_SHELL = re.compile(r"^```sh\n(.*?)^```|`(floe [^`]+)`", re.DOTALL | re.MULTILINE)
_YAML = re.compile(r"^```yaml\n(# (floe|manifest)\.yaml\n.*?)^```", re.DOTALL | re.MULTILINE)


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.mark.xdist_group("demo")
@pytest.mark.requirement("FR-020", "FR-024", "FR-028", "FR-090")
@pytest.mark.parametrize("page", ["README.md", "docs/tutorial.md"])
def test_what_a_reader_types_prints_what_the_page_shows(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.chdir(tmp_path)
    text, differences = replayed((ROOT / page).read_text("utf-8"), tmp_path)
    if request.config.getoption("--update-golden"):
        (ROOT / page).write_text(text, encoding="utf-8")
    else:
        assert differences == [], "read them, then --update-golden"


def headings(page: Path) -> set[str]:
    """The anchors of a page's headings, as forges make them."""
    titles = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.requirement("FR-010")
@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = []
    for link in _LINK.findall(page.read_text("utf-8")):
        if link.startswith(("http://", "https://")):
            continue
        place, _, anchor = link.partition("#")
        target = (page.parent / place).resolve() if place else page
        if not target.exists() or (anchor and anchor not in headings(target)):
            broken.append(link)
    assert broken == []


@pytest.mark.requirement("FR-010")
def test_every_concept_is_found_from_the_readme() -> None:
    index = (DOCS / "README.md").read_text("utf-8")
    assert "(docs/README.md)" in (ROOT / "README.md").read_text("utf-8")
    linked = set(_LINK.findall(index))
    assert {f"concepts/{page.name}" for page in DOCS.glob("concepts/*.md")} - linked == set()


def commands(page: Path) -> Iterator[str]:
    """The calls of floe that the page tells a reader to make."""
    for block, inline in _SHELL.findall(page.read_text("utf-8")):
        for line in block.splitlines() or [inline]:
            for part in line.split(" && "):
                if part.startswith("floe "):
                    yield part.partition(" #")[0].partition(" <")[0].strip()


def unknown(command: str) -> str | None:
    """The first word of the command that floe does not know."""
    words = shlex.split(command)[1:]
    context = click.Context(program, info_name="floe")
    each: click.Command = program
    while isinstance(each, click.Group) and words and not words[0].startswith("-"):
        word = words.pop(0)
        if word.isupper():
            return None
        found = each.get_command(context, word)
        if found is None:
            return word
        each = found
    options = {option for parameter in each.params for option in parameter.opts} | {"--help"}
    return next((word for word in words if word.startswith("--") and word.split("=")[0] not in options), None)


@pytest.mark.requirement("FR-010")
@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_command_a_page_names_exists_with_its_options(page: Path) -> None:
    assert {command: word for command in commands(page) if (word := unknown(command))} == {}


@pytest.mark.requirement("FR-010")
def test_what_the_concepts_show_of_the_two_files_is_valid(tmp_path: Path) -> None:
    shown = [
        (page.name, kind, text)
        for page in DOCS.glob("concepts/*.md")
        for text, kind in _YAML.findall(page.read_text("utf-8"))
    ]
    assert {page for page, _, _ in shown} >= {"platform-and-product.md", "plugins.md", "layers-and-policy.md"}
    for page, kind, text in shown:
        path = tmp_path / f"{page}.yaml"
        path.write_text(text, encoding="utf-8")
        model = FloeSpec if kind == "floe" else Manifest
        model.model_validate({"metadata": {"name": "shown"}, **read_yaml(path).tree})
