"""Plugins are what they say: those of the default set, and somebody else's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from floe_core.plugins import PluginRegistry
from floe_core.plugins.conformance import check_plugins, unknown_groups

Install = Callable[..., None]

TAPE = """
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from floe_core.plugins import PluginMetadata, StoragePlugin
from pydantic import Field, SecretStr


class Tape(StoragePlugin):
    metadata: ClassVar[PluginMetadata] = PluginMetadata(name="tape", version="1.2")

    drive: str = Field(description="The drive the tape is in.")
    password: SecretStr | None = Field(default=None, description="What unlocks it.")

    def warehouse_uri(self, state_dir: Path) -> str:
        return f"tape://{self.drive}"

    def file_io_properties(self) -> Mapping[str, str]:
        return {"tape.drive": self.drive}
"""
POINTS = "[floe.storage]\ntape = tape_for_floe:Tape\n"


def told() -> list[str]:
    """The problems of the plugin 'tape', without what all of them begin with."""
    [checked] = [each for each in check_plugins(PluginRegistry()) if each.provider.name == "tape"]
    return [
        str(problem).replace("storage plugin 'tape' of 'tape-for-floe'", "…") for problem in checked.problems
    ]


@pytest.mark.requirement("FR-051")
def test_nothing_is_wrong_with_the_default_set() -> None:
    checked = check_plugins(PluginRegistry())
    assert {each.provider.distribution for each in checked} >= {"floe-local", "floe-dbt"}
    assert [str(problem) for each in checked for problem in each.problems] == []
    assert unknown_groups() == []


@pytest.mark.requirement("FR-051", "FR-053")
def test_a_third_partys_plugin_is_fine_as_the_handbook_writes_it(install: Install) -> None:
    install("tape-for-floe", POINTS, TAPE)
    assert told() == []


@pytest.mark.requirement("FR-051")
@pytest.mark.parametrize(
    ("was", "now", "problem"),
    [
        (
            'name="tape"',
            'name="tapes"',
            "FLOE-E241 … calls itself 'tapes'\n  hint: give its metadata the name of its entry point",
        ),
        (
            "warehouse_uri(self, state_dir: Path)",
            "warehouse_uri(self)",
            "FLOE-E242 …: warehouse_uri(): lacks the parameter 'state_dir'"
            "\n  hint: write the method as its base class does",
        ),
        (
            "state_dir: Path)",
            "state_dir: Path, drive: str)",
            "FLOE-E242 …: warehouse_uri(): demands 'drive', which nobody gives"
            "\n  hint: write the method as its base class does",
        ),
        (
            "def warehouse_uri(self, state_dir: Path)",
            "def warehouse_uri(self, *, state_dir: Path)",
            "FLOE-E242 …: warehouse_uri(): takes 'state_dir' in another way"
            "\n  hint: write the method as its base class does",
        ),
        (
            "    def file_io_properties",
            "    @property\n    def file_io_properties",
            "FLOE-E242 …: file_io_properties(): is not a method"
            "\n  hint: write the method as its base class does",
        ),
        (
            'drive: str = Field(description="The drive the tape is in.")',
            "drive: str",
            "FLOE-E244 …: nothing says what its setting 'drive' means"
            "\n  hint: drive: … = Field(description=…)",
        ),
        (
            "SecretStr | None",
            "str | None",
            "FLOE-E245 …: its setting 'password' is not secret\n  hint: password: SecretStr",
        ),
        (
            'version="1.2"',
            'version="1.2", floe_api_version="0.9"',
            "FLOE-E207 … is made for plugin API 0.9, this floe has 1.0"
            "\n  hint: install a version of 'tape-for-floe' for this floe",
        ),
        (
            "def file_io_properties",
            "def file_properties",
            "FLOE-E207 … lacks file_io_properties"
            "\n  hint: install a version of 'tape-for-floe' for this floe",
        ),
        (
            "class Tape",
            "raise RuntimeError('no drive')\n\nclass Tape",
            "FLOE-E207 … cannot be imported: no drive\n  hint: pip install --force-reinstall tape-for-floe",
        ),
    ],
)
def test_what_does_not_fit_is_told_in_a_sentence(install: Install, was: str, now: str, problem: str) -> None:
    assert was in TAPE
    install("tape-for-floe", POINTS, TAPE.replace(was, now))
    assert told() == [problem]


@pytest.mark.requirement("FR-051")
def test_settings_that_yaml_cannot_say_are_told(install: Install) -> None:
    source = f"from collections.abc import Callable\n{TAPE}".replace("drive: str", "drive: Callable[[], str]")
    install("tape-for-floe", POINTS, source)
    [problem] = told()
    assert problem.startswith("FLOE-E243 …: its settings have no JSON schema: Cannot generate a JsonSchema")


@pytest.mark.requirement("FR-053")
def test_a_misspelled_group_is_guessed(install: Install) -> None:
    install("tape-for-floe", POINTS.replace("floe.storage", "floe.storages"), TAPE)
    assert [str(problem) for problem in unknown_groups()] == [
        "FLOE-E240 'tape-for-floe' has entry points in the group 'floe.storages', which is no plugin type's\n"
        "  hint: did you mean 'floe.storage'?"
    ]


@pytest.mark.requirement("FR-051", "FR-053")
def test_a_distribution_that_pip_installed_is_found_and_checked(tmp_path: Path) -> None:
    source, place = tmp_path / "source", tmp_path / "installed"
    source.mkdir()
    (source / "tape_for_floe.py").write_text(TAPE)
    (source / "pyproject.toml").write_text(
        '[project]\nname = "tape-for-floe"\nversion = "1.2"\n'
        '[project.entry-points."floe.storage"]\ntape = "tape_for_floe:Tape"\n'
        '[project.entry-points."floe.tapes"]\ntape = "tape_for_floe:Tape"\n'
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        '[tool.hatch.build.targets.wheel]\ninclude = ["tape_for_floe.py"]\n'
    )
    install = "pip install --quiet --no-index --no-deps --no-build-isolation"
    command = [sys.executable, "-m", "uv", *install.split(), "--target", str(place), str(source)]
    subprocess.run(command, check=True, env={**os.environ, "VIRTUAL_ENV": sys.prefix})

    done = subprocess.run(
        [Path(sys.executable).with_name("floe"), "plugins", "check", "--output", "json"],
        env={**os.environ, "PYTHONPATH": str(place)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (1, "")
    document = json.loads(done.stdout)
    assert {
        "type": "storage",
        "name": "tape",
        "distribution": "tape-for-floe",
        "version": "1.2",
        "state": "ok",
    } in (document["plugins"])
    assert [(problem["code"], problem["message"]) for problem in document["problems"]] == [
        ("FLOE-E240", "'tape-for-floe' has entry points in the group 'floe.tapes', which is no plugin type's")
    ]
