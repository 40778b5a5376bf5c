"""A project whose packages are not installed says what to type, and that works."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from floe_core.cli.program import program

FILES = {
    "our shop/floe.yaml": "metadata: {name: shop}\n",
    "our shop/dbt_project.yml": "name: shop\nversion: '1.0'\nprofile: shop\n",
    "our shop/packages.yml": "packages: [{local: ../tools}]\n",
    "our shop/models/m.sql": "select {{ tools.two() }} as n\n",
    "tools/dbt_project.yml": "name: tools\nversion: '1.0'\n",
    "tools/macros/two.sql": "{% macro two() %}2{% endmacro %}\n",
}


def floe_compile() -> tuple[int, dict[str, Any]]:
    done = CliRunner().invoke(program, ["compile", "our shop", "--output", "json"])
    return done.exit_code, json.loads(done.stdout)


@pytest.mark.requirement("FR-015", "FR-010")
def test_the_command_that_installs_missing_packages_works_when_pasted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)

    status, document = floe_compile()

    assert status == 2
    [problem] = document["problems"]
    assert (problem["code"], problem["file"]) == ("FLOE-E404", "our shop/packages.yml")
    hint = problem["hint"]
    assert hint == "dbt deps --project-dir 'our shop' --profiles-dir 'our shop/target/floe'"
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    subprocess.run(hint, shell=True, check=True, capture_output=True, env={**os.environ, "PATH": path})

    status, _ = floe_compile()

    assert status == 0
    artifact = json.loads(Path("our shop/target/floe/compiled_artifacts.json").read_bytes())
    [model] = artifact["transforms"]
    assert (model["name"], [column["name"] for column in model["columns"]]) == ("m", ["n"])
