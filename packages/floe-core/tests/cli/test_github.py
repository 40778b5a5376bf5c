"""What GitHub is given: annotations, a summary, and a workflow that asks for both."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from floe_core.cli.program import program
from testing.command_line import CORNER_SHOP, Floe, write

pytestmark = pytest.mark.xdist_group("cli")

BROKEN = "metadata: {name: corner-shop}\nschedle: {every: 10m}\n"


@pytest.mark.requirement("FR-015")
@pytest.mark.parametrize("command", ["compile", "plan"])
def test_problems_stand_at_their_lines_seen_from_the_top_of_the_repository(
    floe: Floe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    write(tmp_path / "shop", {**CORNER_SHOP, "floe.yaml": BROKEN})
    monkeypatch.chdir(tmp_path / "shop")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    result = floe(command, "--format", "github")
    assert result.status == 2
    assert result.stdout.splitlines()[-1] == (
        "::error file=shop/floe.yaml,line=2,col=1,title=FLOE-E201::schedle: unknown key"
        "%0Ahint: did you mean 'schedule'?"
    )
    assert (tmp_path / "summary.md").read_text() == (
        f"### floe {command}\n\n| | code | where | what |\n| --- | --- | --- | --- |\n"
        "| error | FLOE-E201 | `shop/floe.yaml:2` | schedle: unknown key |\n\n"
    )


@pytest.mark.requirement("FR-015")
def test_a_workflow_is_written_where_github_looks_and_calls_what_there_is(
    floe: Floe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".git").mkdir()
    write(tmp_path / "data" / "shop", CORNER_SHOP)
    monkeypatch.chdir(tmp_path / "data")
    written = floe("init", "--template", "github")
    assert (written.status, written.stdout.splitlines()[0]) == (0, "wrote ../.github/workflows/floe.yml")
    workflow = _read(tmp_path)
    assert list(workflow) == ["name", "on", "permissions", "concurrency", "jobs"]
    assert workflow["permissions"] == {"contents": "read"}
    job = workflow["jobs"]["check"]
    assert job["defaults"] == {"run": {"working-directory": "data"}}
    assert [step["uses"] for step in job["steps"] if "uses" in step] == [
        "actions/checkout@v4",
        "actions/setup-python@v5",
    ]
    called = [step["run"] for step in job["steps"] if step.get("run", "").startswith("floe ")]
    assert called == ["floe compile --format github", "floe plan --format github"]
    for line in called:
        _understood(line)
    assert not re.search("__floe_", (tmp_path / ".github/workflows/floe.yml").read_text())
    assert floe("init", "--template", "github").stderr.startswith("FLOE-E010 ")


@pytest.mark.requirement("FR-015")
def test_a_workflow_for_several_products_compiles_all(floe: Floe, tmp_path: Path) -> None:
    write(tmp_path, {"manifest.yaml": "metadata: {name: high-street}\n"})
    write(tmp_path / "a", CORNER_SHOP)
    write(tmp_path / "b", {**CORNER_SHOP, "floe.yaml": "metadata: {name: bakery}\n"})
    assert floe("init", "--template", "github").status == 0
    job = _read(tmp_path)["jobs"]["check"]
    called = [step["run"] for step in job["steps"] if step.get("run", "").startswith("floe ")]
    assert called[0] == "floe platform compile --format github"
    _understood(called[0])


@pytest.mark.requirement("FR-015")
def test_without_a_product_there_is_nothing_to_write_a_workflow_for(floe: Floe) -> None:
    result = floe("init", "--template", "github")
    assert (result.status, result.stderr) == (
        2,
        "FLOE-E210 no product in '.' or below\n  hint: floe init, then this\n",
    )


def _read(folder: Path) -> dict[str, Any]:
    """The workflow; YAML 1.1 takes the key 'on' for true."""
    text = (folder / ".github/workflows/floe.yml").read_text(encoding="utf-8")
    return {"on" if key is True else key: value for key, value in yaml.safe_load(text).items()}


def _understood(line: str) -> None:
    """Raises where floe would say that it does not know the command or an option."""
    name, *arguments = shlex.split(line)
    command: click.Command = program
    context = command.make_context(name, list(arguments), resilient_parsing=True)
    while isinstance(command, click.Group):
        _, found, arguments = command.resolve_command(context, arguments)
        assert found
        command = found
    command.make_context(name, list(arguments))
