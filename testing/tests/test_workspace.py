"""The workspace keeps its own rules: the lock, the layers, the types, the security linter."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from testing import lock, repository, typecheck
from testing.sources import ROOT


def _settings() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def _run(*command: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=cwd, capture_output=True, text=True, check=False
    )


def _pins() -> dict[str, str]:
    lines = (ROOT / lock.LOCK).read_text(encoding="utf-8").splitlines()
    return dict(line.split(" ")[0].split("==") for line in lines if "==" in line and line[0].isalnum())


@pytest.mark.requirement("WU-7")
def test_every_vulnerability_floor_holds_in_the_lock() -> None:
    floors = [Requirement(text) for text in _settings()["tool"]["uv"]["constraint-dependencies"]]
    pins = _pins()
    assert {floor.name for floor in floors} - pins.keys() == set()
    assert [str(floor) for floor in floors if not floor.specifier.contains(pins[floor.name])] == []
    assert "diskcache" not in pins


@pytest.mark.requirement("WU-7")
def test_a_changed_dependency_makes_the_lock_stale_and_a_changed_tool_does_not(tmp_path: Path) -> None:
    project = tmp_path / "pyproject.toml"
    project.write_text('[project]\nname = "a"\ndependencies = ["click"]\n')
    before = lock.inputs_digest(tmp_path)
    project.write_text('[project]\nname = "a"\ndependencies = ["click"]\n[tool.ruff]\nline-length = 1\n')
    assert lock.inputs_digest(tmp_path) == before
    project.write_text('[project]\nname = "a"\ndependencies = ["click>=8"]\n')
    assert lock.inputs_digest(tmp_path) != before


@pytest.mark.requirement("NF-7")
def test_the_linter_finds_nothing_and_would_find_something(tmp_path: Path) -> None:
    (tmp_path / "sample.py").write_text("import os\n")
    config = f"--config={ROOT / 'pyproject.toml'}"
    found = _run("ruff", "check", "--output-format=json", config, str(tmp_path))
    assert [problem["code"] for problem in json.loads(found.stdout)] == ["F401"]
    assert _run("ruff", "check", "--output-format=concise", "--quiet", ".").stdout.splitlines() == []


@pytest.mark.requirement("NF-6")
def test_an_untyped_function_is_a_type_error(tmp_path: Path) -> None:
    (tmp_path / "sample.py").write_text("def double(x):\n    return 2 * x\n")
    config = f"--config-file={ROOT / 'pyproject.toml'}"
    found = _run("mypy", config, "--cache-dir", str(tmp_path / "cache"), "--output=json", str(tmp_path))
    assert [json.loads(line)["code"] for line in found.stdout.splitlines()] == ["no-untyped-def"]


@pytest.mark.requirement("NF-6")
def test_modules_of_one_name_are_type_checked_apart() -> None:
    files = [Path(text) for text in ("a/conftest.py", "a/test_x.py", "b/conftest.py", "c/conftest.py")]
    assert typecheck.without_duplicates(files) == [[files[0], files[1]], [files[2]], [files[3]]]


@pytest.mark.requirement("NF-6")
def test_every_shipped_package_is_type_checked() -> None:
    first = typecheck.runs(ROOT)[0]
    shipped = {path.parent.relative_to(ROOT).as_posix() for path in ROOT.glob("p*/*/src/*/py.typed")}
    assert {str(Path(folder).parent) for folder in shipped} - set(first) == set()


@pytest.mark.requirement("FR-063")
def test_the_security_linter_has_no_high_finding() -> None:
    config = f"--configfile={ROOT / 'pyproject.toml'}"
    found = json.loads(_run("bandit", "-q", "-r", "-f", "json", config, "packages", "plugins").stdout)
    assert [result for result in found["results"] if result["issue_severity"] == "HIGH"] == []
    assert found["metrics"]["_totals"]["loc"] > 100


@pytest.mark.requirement("WU-8")
def test_warnings_of_ours_are_errors_and_unknown_markers_too() -> None:
    options = _settings()["tool"]["pytest"]["ini_options"]
    assert options["filterwarnings"][0] == "error"
    assert options["xfail_strict"] is True
    assert {"--strict-markers", "--strict-config"} <= set(options["addopts"].split())


@pytest.mark.requirement("NF-7")
def test_hosts_of_registries_and_folders_of_people_are_found(tmp_path: Path) -> None:
    host = "files.python" + "hosted.org"
    (tmp_path / "a.md").write_text(f"see\nhttps://{host}/x\n/home/" + "ann/src\n")
    (tmp_path / "uv.lock").write_text("")
    assert repository.problems(tmp_path, ["a.md", "uv.lock"], repository.of_this_machine(tmp_path)) == [
        "uv.lock: this lock names hosts: keep requirements.lock alone",
        "a.md:2: names a registry's host",
        "a.md:3: names a person's folder",
    ]


@pytest.mark.requirement("NF-7")
def test_the_folder_of_the_checkout_is_found(tmp_path: Path) -> None:
    root = tmp_path / "clone"
    root.mkdir()
    (root / "a.md").write_text(f"{root}/x\n{tmp_path}/notes\n")
    assert repository.problems(root, ["a.md"], repository.of_this_machine(root)) == [
        "a.md:1: names something of this machine",
        "a.md:2: names something of this machine",
    ]
