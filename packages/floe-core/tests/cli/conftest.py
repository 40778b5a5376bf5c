"""The command line, and a product that it ran."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from testing.command_line import CORNER_SHOP, Floe, Ran, write
from testing.command_line import floe as call


@pytest.fixture
def floe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Floe:
    """Calls floe; the test stands in an empty folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NO_COLOR", raising=False)
    return call


OUTER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@contextmanager
def standing_in(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


@pytest.fixture(scope="session")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """A product that ran once, for tests that only look; they belong to the xdist group 'cli'.

    It was started from a trace, in a git repository where a file had been changed after the commit.
    """
    folder = tmp_path_factory.mktemp("ran") / "shop"
    write(folder, CORNER_SHOP | {"models/schema.yml": ""})
    for command in ("init -q", "add .", "commit -qm first"):
        subprocess.run(["git", *command.split()], cwd=folder, check=True)
    write(folder, CORNER_SHOP)
    with standing_in(folder), pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRACEPARENT", OUTER)
        return Ran(folder, call("run"))


@pytest.fixture
def shop(tmp_path: Path, floe: Floe) -> Path:
    """A product of the test's own, which it stands in; not compiled yet."""
    folder = tmp_path / "shop"
    write(folder, CORNER_SHOP)
    os.chdir(folder)
    return folder


@pytest.fixture
def in_ran(ran: Ran, floe: Floe) -> Path:
    """Stands in the product that ran."""
    os.chdir(ran.folder)
    return ran.folder
