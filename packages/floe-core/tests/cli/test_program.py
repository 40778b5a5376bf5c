"""The program itself: what it offers, how fast, and what it says to a wrong word."""

from __future__ import annotations

import json
import subprocess
import sys

import click
import pytest

from floe_core.cli.program import COMMANDS, program
from testing.command_line import Floe
from testing.golden import Golden

ENGINES = {"dagster", "dbt", "duckdb", "pyarrow", "pyiceberg", "sqlalchemy"}
_LOADED = """
import json, sys
from click.testing import CliRunner
from floe_core.cli.program import program
said = [CliRunner().invoke(program, words.split()).exit_code for words in sys.argv[1:]]
print(json.dumps([said, sorted({name.partition(".")[0] for name in sys.modules})]))
"""


def loaded(*calls: str) -> tuple[list[int], set[str]]:
    """The exit statuses, and the packages a fresh process has imported after them."""
    done = subprocess.run([sys.executable, "-c", _LOADED, *calls], capture_output=True, text=True, check=True)
    statuses, packages = json.loads(done.stdout)
    return statuses, set(packages)


@pytest.mark.requirement("FR-011")
def test_help_lists_every_command_with_its_line(floe: Floe, golden: Golden) -> None:
    golden("help.txt", floe("--help").text)
    assert floe().stdout == floe("--help").stdout


@pytest.mark.requirement("FR-011")
def test_help_imports_nothing_heavy() -> None:
    statuses, packages = loaded("--help", "--version", "nonsense")
    assert statuses == [0, 0, 2]
    assert packages & (ENGINES | {"pydantic", "yaml", "rich", "sqlite3"}) == set()


@pytest.mark.requirement("FR-011")
def test_no_command_imports_an_engine_to_explain_itself() -> None:
    calls = [
        f"{name} --help"
        for name in [*COMMANDS, "demo stop", "schema export", "plugins list", "plugins check"]
    ]
    statuses, packages = loaded(*calls, "plugins list")
    assert statuses == [0] * (len(calls) + 1)
    assert packages & ENGINES == set()


@pytest.mark.requirement("FR-011", "FR-055")
def test_where_nothing_has_run_the_doctor_imports_no_engine(floe: Floe) -> None:
    statuses, packages = loaded("init shop", "doctor shop", "plugins check", "schema export")
    assert statuses == [0, 0, 0, 0]
    assert packages & ENGINES == set()


@pytest.mark.requirement("FR-011")
def test_every_command_takes_output() -> None:
    context = click.Context(program)
    found = [program.get_command(context, name) for name in COMMANDS]
    leaves = [
        command
        for each in found
        for command in (*(each.commands.values() if isinstance(each, click.Group) else ()), each)
        if command and (not isinstance(command, click.Group) or command.invoke_without_command)
    ]
    without = [
        command.name for command in leaves if not any(option.name == "output" for option in command.params)
    ]
    assert {"init", "run", "stop", "list", "export"} <= {command.name for command in leaves}
    assert without == []


@pytest.mark.requirement("FR-011")
def test_version_is_that_of_the_distribution(floe: Floe) -> None:
    assert floe("--version").stdout == "floe 0.1.0\n"


@pytest.mark.requirement("FR-015")
@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        ("rum", "no command 'rum'", "did you mean 'run'?"),
        ("--zzz", "no such option '--zzz'", "floe --help"),
        ("run --zzz", "no such option '--zzz'", "floe run --help"),
        ("query", "missing argument 'SQL'", "floe query --help"),
        ("runs --limit 0", "invalid value for '--limit': 0 is not in the range x>=1", "floe runs --help"),
        ("demo halt", "no such command 'halt'", "floe demo --help"),
        ("policy", "missing command, one of schema, test", "floe policy --help"),
        ("completion", "missing argument '{bash|zsh|fish}'", "floe completion --help"),
    ],
)
def test_a_wrong_word_is_named_with_the_way_out(floe: Floe, arguments: str, message: str, hint: str) -> None:
    result = floe(*arguments.split())
    said = f"FLOE-E001 {message}\n  hint: {hint}\n"
    assert (result.status, result.stdout, result.stderr) == (2, "", said)


@pytest.mark.requirement("FR-015")
def test_a_wrong_word_is_json_when_json_was_asked_for(floe: Floe) -> None:
    result = floe("runs", "--output", "json", "--limit", "0")
    assert (result.status, result.stderr) == (2, "")
    assert result.document == {
        "schema_version": "1",
        "problems": [
            {
                "code": "FLOE-E001",
                "severity": "error",
                "file": None,
                "line": None,
                "column": None,
                "message": "invalid value for '--limit': 0 is not in the range x>=1",
                "hint": "floe runs --help",
            }
        ],
    }
