"""The distributions: what they hold, and that floe runs where nothing else of it is."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Collection
from configparser import ConfigParser
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from importlib.metadata import distribution
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from pyiceberg.catalog.sql import SqlCatalog

from floe_core.cli.templates import contents, template
from testing import no_network
from testing.distributions import build, build_wheel
from testing.lock import LOCK, members
from testing.sources import ROOT
from tests.demo import DEMO

pytestmark = pytest.mark.xdist_group("wheels")

_LEFT_BEHIND = (
    ".floe/catalog.db",
    "customer-360/target/floe/compiled_artifacts.json",
    "customer-360/logs/dbt.log",
    "customer-360/dbt_packages/other/dbt_project.yml",
    "scripts/__pycache__/generate_seeds.cpython-311.pyc",
)


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """By distribution: each built from its sdist."""
    into = tmp_path_factory.mktemp("wheels")
    return {member.name: build(member, into)[1] for member in members(ROOT)}


def packed(wheel: Path, folder: str) -> dict[PurePosixPath, bytes]:
    """What lies below the folder, by path in it."""
    with zipfile.ZipFile(wheel) as archive:
        paths = [PurePosixPath(name) for name in archive.namelist()]
        return {
            path.relative_to(folder): archive.read(str(path)) for path in paths if path.is_relative_to(folder)
        }


def information(wheel: Path) -> dict[PurePosixPath, bytes]:
    return packed(wheel, f"{wheel.name.removesuffix('-py3-none-any.whl')}.dist-info")


def metadata(wheel: Path) -> Message:
    return message_from_bytes(information(wheel)[PurePosixPath("METADATA")])


def entry_points(wheel: Path) -> dict[str, dict[str, str]]:
    """By group, then by name; a program is one of the group 'console_scripts'."""
    content = information(wheel).get(PurePosixPath("entry_points.txt"), b"").decode()
    parser = ConfigParser(delimiters="=")
    parser.read_string(content)
    return {group: dict(parser[group]) for group in parser.sections()}


def declared_entry_points(member: Path) -> dict[str, dict[str, str]]:
    project = tomllib.loads((member / "pyproject.toml").read_text("utf-8"))["project"]
    programs = {"console_scripts": project["scripts"]} if "scripts" in project else {}
    return {**programs, **project.get("entry-points", {})}


@pytest.mark.requirement("FR-087")
def test_a_wheel_built_from_the_sdist_is_the_one_built_from_the_checkout(
    wheels: dict[str, Path], tmp_path: Path
) -> None:
    for name, wheel in wheels.items():
        [member] = ROOT.glob(f"p*/{name}")
        assert build_wheel(member, tmp_path).read_bytes() == wheel.read_bytes(), name


@pytest.mark.requirement("FR-087")
def test_the_demo_and_the_templates_travel_whole(wheels: dict[str, Path]) -> None:
    assert packed(wheels["floe"], "floe/demo") == dict(contents(DEMO))
    for name in ("shop", "empty"):
        travelled = packed(wheels["floe"], f"floe/templates/{name}")
        assert travelled == dict(contents(template(name)))
        assert travelled[PurePosixPath(".gitignore")].startswith(b".floe/\n")
    workflow = packed(wheels["floe"], "floe/templates/github")
    assert list(workflow) == [PurePosixPath(".github/workflows/floe.yml")]


@pytest.mark.requirement("FR-087")
def test_what_running_the_demo_leaves_behind_stays_behind(wheels: dict[str, Path], tmp_path: Path) -> None:
    made = shutil.ignore_patterns("target", "logs", ".floe", "__pycache__")
    demo = Path(shutil.copytree(DEMO, tmp_path / "demo", ignore=made))
    package = shutil.copytree(ROOT / "packages" / "floe", tmp_path / "packages" / "floe", ignore=made)
    for name in _LEFT_BEHIND:
        (demo / name).parent.mkdir(parents=True, exist_ok=True)
        (demo / name).write_text("left behind\n")
    _, wheel = build(Path(package), tmp_path)
    assert packed(wheel, "floe/demo") == packed(wheels["floe"], "floe/demo")


@pytest.mark.requirement("FR-015")
def test_the_explanation_of_every_error_code_travels(wheels: dict[str, Path]) -> None:
    pages = {PurePosixPath(page.name): page.read_bytes() for page in (ROOT / "docs" / "errors").iterdir()}
    assert packed(wheels["floe-core"], "floe_core/explanations") == pages


@pytest.mark.requirement("FR-050")
def test_the_plugins_travel_with_their_entry_points_all_in_one_version(wheels: dict[str, Path]) -> None:
    version = metadata(wheels["floe"])["Version"]
    needed = {
        name: [Requirement(text) for text in metadata(wheel).get_all("Requires-Dist", [])]
        for name, wheel in wheels.items()
    }
    among_us = {str(found) for every in needed.values() for found in every if found.name in wheels}
    assert among_us <= {f"{name}=={version}" for name in wheels}
    assert {found.name for found in needed["floe"]} == wheels.keys() - {"floe"}
    assert {name: entry_points(wheel) for name, wheel in wheels.items()} == {
        member.name: declared_entry_points(member) for member in members(ROOT)
    }


@pytest.mark.requirement("FR-087")
def test_every_distribution_brings_its_licence_and_says_what_it_is(wheels: dict[str, Path]) -> None:
    licence = (ROOT / "LICENSE").read_bytes()
    for name, wheel in wheels.items():
        told = metadata(wheel)
        assert (told["Name"], told["License-Expression"]) == (name, "Apache-2.0")
        assert told["License-File"] == "LICENSE"
        assert information(wheel)[PurePosixPath("licenses/LICENSE")] == licence
        lines = str(told.get_payload()).splitlines()
        assert lines[0] == f"# {name}"
        assert len(lines) > 4, f"the README of {name} says nothing"


@dataclass(frozen=True)
class Elsewhere:
    """An environment with the wheels and what they need, in which nothing points to the checkout."""

    environment: Path
    guard: Path

    def run(self, program: str, *arguments: str, cwd: Path) -> str:
        variables = {**os.environ, "PYTHONPATH": str(self.guard)}
        done = subprocess.run(
            [self.environment / "bin" / program, *arguments],
            cwd=cwd,
            env=variables,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def floe(self, *arguments: str, cwd: Path) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.run("floe", *arguments, "--output", "json", cwd=cwd))
        return document


def _pinned(wheel: Path) -> str:
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return f"{metadata(wheel)['Name']} @ {wheel.as_uri()} --hash=sha256:{digest}\n"


def _needed(wheels: Collection[Path]) -> set[str]:
    """What the wheels require, and what that requires, and so on, by the name the lock has."""
    found: set[tuple[str, str]] = set()
    left = [Requirement(told) for wheel in wheels for told in metadata(wheel).get_all("Requires-Dist", [])]
    while left:
        requirement = left.pop()
        name = canonicalize_name(requirement.name)
        for extra in {"", *requirement.extras}:
            if (name, extra) in found or name in {canonicalize_name(metadata(w)["Name"]) for w in wheels}:
                continue
            found.add((name, extra))
            more = map(Requirement, distribution(name).requires or [])
            left += [each for each in more if not each.marker or each.marker.evaluate({"extra": extra})]
    return {name for name, _ in found}


@pytest.fixture(scope="session")
def elsewhere(wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Elsewhere:
    """Made offline: what the wheels need and no more comes from uv's cache, every hash as in the lock.

    uv's cache has the files, but not always what resolving asks for: so we say what is needed, and uv checks.
    """
    folder = tmp_path_factory.mktemp("elsewhere")
    environment = folder / "environment"
    needed = _needed(wheels.values())
    locked = re.split(r"\n(?=\S)", (ROOT / LOCK).read_text())
    wanted = folder / "wanted.txt"
    wanted.write_text(
        "".join(f"{pin.rstrip()}\n" for pin in locked if pin.partition("==")[0] in needed)
        + "".join(map(_pinned, wheels.values()))
    )
    uv = (sys.executable, "-m", "uv", "--offline", "--quiet", "--no-config")
    subprocess.run([*uv, "venv", "--python", sys.executable, environment], check=True)
    pip = (*uv, "pip")
    sync = ("sync", "--python", environment, "--require-hashes", "--compile-bytecode", wanted)
    subprocess.run([*pip, *sync], check=True)
    subprocess.run([*pip, "check", "--python", environment], check=True)
    [guard] = no_network.__path__
    return Elsewhere(environment, Path(shutil.copytree(guard, folder / "no_network")))


@pytest.mark.slow
@pytest.mark.requirement("FR-050")
def test_no_module_of_an_installed_floe_comes_from_the_checkout(elsewhere: Elsewhere, tmp_path: Path) -> None:
    packages = sorted(path.parent.name for path in ROOT.glob("p*/*/src/*/py.typed"))
    program = (
        f"import json, sys, {', '.join(packages)}, dbt.adapters.floe, dbt.include.floe\n"
        "files = [getattr(module, '__file__', None) for module in sys.modules.values()]\n"
        "print(json.dumps({'path': sys.path, 'files': [file for file in files if file]}))\n"
    )
    seen = json.loads(elsewhere.run("python", "-c", program, cwd=tmp_path))
    assert [place for place in seen["path"] + seen["files"] if Path(place).is_relative_to(ROOT)] == []
    ours = {Path(file).parent.name for file in seen["files"] if file.startswith(str(elsewhere.environment))}
    assert {*packages} <= ours


@pytest.mark.slow
@pytest.mark.requirement("FR-015")
def test_an_installed_floe_explains_its_error_codes(elsewhere: Elsewhere, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "errors" / "FLOE-E204.md").read_text("utf-8")
    assert elsewhere.floe("explain", "E204", cwd=tmp_path)["text"] == page


@pytest.mark.slow
@pytest.mark.requirement("FR-087", "FR-088")
def test_the_demo_of_an_installed_floe_runs_in_an_empty_folder(elsewhere: Elsewhere, tmp_path: Path) -> None:
    products = elsewhere.floe("demo", "--no-ui", cwd=tmp_path)["products"]
    assert {product["name"]: product["state"] for product in products} == dict.fromkeys(
        ("customer-360", "financial-risk", "iot-telemetry"), "succeeded"
    )
    rows = {table["name"]: table["rows"] for product in products for table in product["tables"]}
    query = "select count(*), count(distinct customer_id) from customer_360.mart_customer_360"
    asked = elsewhere.floe("query", query, cwd=tmp_path / "floe-demo")
    customers = rows["mart_customer_360"]
    assert asked["rows"] == [[customers, customers]]
    assert customers <= rows["raw_customers"]
    # and somebody who has never heard of floe
    catalog = SqlCatalog("floe", uri=f"sqlite:///{tmp_path}/floe-demo/.floe/catalog.db")
    mart = catalog.load_table("customer-360.mart_customer_360").scan().to_arrow()
    catalog.close()
    assert mart.num_rows == customers


@pytest.mark.slow
@pytest.mark.requirement("FR-020", "FR-087")
def test_a_new_product_of_an_installed_floe_runs_and_answers(elsewhere: Elsewhere, tmp_path: Path) -> None:
    elsewhere.floe("init", "shop", cwd=tmp_path)
    run = elsewhere.floe("run", cwd=tmp_path / "shop")
    best = "select name, revenue from customers order by revenue desc limit 1"
    assert (run["state"], run["published"]) == ("succeeded", True)
    assert elsewhere.floe("query", best, cwd=tmp_path / "shop")["rows"] == [["Urs Bühler", "608.00"]]
