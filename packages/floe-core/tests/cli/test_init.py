"""Starting a product."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from floe_core.cli.new_product import product_name
from testing.command_line import Floe, write


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.requirement("FR-010")
@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("shop", "shop"),
        ("Corner Shop", "corner-shop"),
        ("my_shop.v2", "my_shop-v2"),
        ("360 view", "product-360-view"),
        ("_x_", "x"),
        ("店", "product"),
        ("Größe & Crème", "grosse-creme"),
    ],
)
def test_the_name_comes_from_the_folder(folder: str, name: str) -> None:
    assert product_name(folder) == name


@pytest.mark.requirement("FR-010")
def test_a_new_shop_is_named_after_its_folder_and_says_what_to_type_next(floe: Floe, tmp_path: Path) -> None:
    result = floe("init", "Corner Shop")

    folder = tmp_path / "Corner Shop"
    assert result.status == 0
    assert result.stdout.splitlines() == [
        f"wrote Corner Shop, {len(files(folder))} files: product 'corner-shop'",
        "next:",
        "  cd 'Corner Shop'",
        "  floe run",
        '  floe query "select * from customers limit 10"',
    ]
    assert "  name: corner-shop" in (folder / "floe.yaml").read_text().splitlines()
    assert "name: corner_shop" in (folder / "dbt_project.yml").read_text().splitlines()
    assert [path for path in files(folder) if "__floe" in (folder / path).read_text()] == []


@pytest.mark.requirement("FR-010")
def test_init_here_needs_no_cd_and_lists_its_files_as_json(
    floe: Floe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hello").mkdir()
    monkeypatch.chdir(tmp_path / "hello")
    document = floe("init", "--template", "empty", "--output", "json").document
    assert {**document, "files": sorted(document["files"])} == {
        "schema_version": "1",
        "product": "hello",
        "directory": ".",
        "files": files(tmp_path / "hello"),
    }


JAFFLE = {
    "dbt_project.yml": "name: jaffle_shop\nversion: '1.0'\nprofile: till\n",
    "profiles.yml": (
        "till:\n  outputs:\n    dev: {type: snowflake, password: hunter2}\n    ci: {type: duckdb}\n"
    ),
    "packages.yml": "packages:\n  - {package: dbt-labs/dbt_utils, version: 1.3.0}\n  - {local: ../ours}\n",
    ".gitignore": "target/\n",
    "models/staging/stg_orders.sql": "select 1 as id, 2.5 as amount\n",
    "models/marts/revenue.sql": "select sum(amount) as revenue from {{ ref('stg_orders') }}\n",
    "seeds/raw.csv": "id\n1\n",
    "snapshots/orders.yml": "snapshots: []\n",
}


@pytest.mark.requirement("FR-010")
def test_a_dbt_project_is_told_what_was_found_and_keeps_its_files(floe: Floe, tmp_path: Path) -> None:
    write(tmp_path / "Jaffle", JAFFLE)

    result = floe("init", "Jaffle")

    assert result.stdout == (
        "found the dbt project 'jaffle_shop'\n"
        "  profile    till; it is left alone, floe generates its own\n"
        "  adapter    duckdb, snowflake\n"
        "  models     2\n"
        "  seeds      1\n"
        "  snapshots  1\n"
        "  packages   dbt-labs/dbt_utils, ../ours (not installed)\n"
        "wrote Jaffle/floe.yaml, Jaffle/manifest.yaml, Jaffle/.floe/.gitignore, Jaffle/floe.schema.json, "
        "Jaffle/manifest.schema.json\n"
        "it is product 'jaffle_shop' now, on the platform of Jaffle/manifest.yaml\n"
        "next:\n  cd Jaffle\n  dbt deps\n  floe run\n"
    )
    added = {"floe.yaml", "manifest.yaml", ".floe/.gitignore", "floe.schema.json", "manifest.schema.json"}
    assert set(files(tmp_path / "Jaffle")) == {*JAFFLE, *added}
    assert {name: (tmp_path / "Jaffle" / name).read_text() for name in JAFFLE} == JAFFLE
    assert "hunter2" not in "".join((tmp_path / "Jaffle" / name).read_text() for name in added)
    assert (tmp_path / "Jaffle/floe.yaml").read_text() == (
        "# yaml-language-server: $schema=floe.schema.json\n"
        "apiVersion: floe.dev/v1\nkind: Product\nmetadata:\n  name: jaffle_shop\n"
    )


@pytest.mark.requirement("FR-010")
def test_below_a_manifest_a_dbt_project_gets_none_of_its_own(floe: Floe, tmp_path: Path) -> None:
    write(tmp_path, {"manifest.yaml": "metadata: {name: p}\n"})
    write(tmp_path / "jaffle", {name: JAFFLE[name] for name in ("dbt_project.yml", ".gitignore")})

    document = floe("init", "jaffle", "--output", "json").document

    assert document == {
        "schema_version": "1",
        "product": "jaffle_shop",
        "directory": "jaffle",
        "files": ["jaffle/floe.yaml", "jaffle/floe.schema.json"],
        "platform": "manifest.yaml",
        "dbt": {
            "name": "jaffle_shop",
            "profile": "till",
            "adapters": [],
            "models": 0,
            "seeds": 0,
            "snapshots": 0,
            "packages": [],
            "packages_installed": True,
        },
    }


@pytest.mark.requirement("FR-010", "FR-020")
@pytest.mark.xdist_group("cli")
def test_a_dbt_project_compiles_and_runs_as_it_is(floe: Floe, tmp_path: Path) -> None:
    write(tmp_path / "jaffle", {name: text for name, text in JAFFLE.items() if name != "packages.yml"})
    floe("init", "jaffle")

    run = floe("run", "jaffle", "--output", "json")

    assert (run.status, run.stderr) == (0, "")
    assert (run.document["state"], run.document["product"]) == ("succeeded", "jaffle_shop")
    rows = floe("query", "select revenue from revenue", "--product", "jaffle", "--output", "json").document[
        "rows"
    ]
    assert rows == [["2.5"]]


@pytest.mark.requirement("FR-015")
def test_above_a_dbt_project_init_asks_which_one_is_meant(floe: Floe, tmp_path: Path) -> None:
    write(tmp_path / "our data/dbt", JAFFLE)
    result = floe("init")
    assert (result.status, result.stderr) == (
        2,
        "FLOE-E017 there is a dbt project in 'our data/dbt'\n"
        "  hint: floe init 'our data/dbt', or say what to start from: --template shop\n",
    )
    assert floe("init", "--template", "shop").status == 0


@pytest.mark.requirement("FR-015")
def test_a_dbt_project_without_a_profile_is_told_before_anything_is_written(
    floe: Floe, tmp_path: Path
) -> None:
    write(tmp_path / "mine", {"dbt_project.yml": "name: mine\n"})
    assert floe("init", "mine").stderr == (
        "mine/dbt_project.yml:1:1: FLOE-E402 no plain 'profile' in the dbt project\n"
        "  1 | name: mine\n"
        "    | ^^^^\n"
        "  hint: write 'profile: NAME', any name: floe generates the profile\n"
    )
    assert files(tmp_path / "mine") == ["dbt_project.yml"]


@pytest.mark.requirement("FR-017")
def test_what_init_writes_is_checked_by_the_schema_beside_it(floe: Floe, tmp_path: Path) -> None:
    write(tmp_path / "jaffle", JAFFLE)
    floe("init", "jaffle")
    for name in ("floe", "manifest"):
        text = (tmp_path / f"jaffle/{name}.yaml").read_text()
        [place] = re.findall(r"\A# yaml-language-server: \$schema=(.+)$", text, re.MULTILINE)
        schema = json.loads((tmp_path / "jaffle" / place).read_text())
        validator = Draft202012Validator(schema)
        assert list(validator.iter_errors(yaml.safe_load(text))) == []
        wrong = yaml.safe_load(text.replace("name:", "nmae:"))
        assert [error.message for error in validator.iter_errors(wrong)] == [
            "'nmae' does not match any of the regexes: '^x-'",
            "'name' is a required property",
        ]


@pytest.mark.requirement("FR-015")
def test_nothing_is_overwritten_and_nothing_written_beside_it(floe: Floe, tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "README.md").write_text("mine")
    (tmp_path / "models/schema.yml").symlink_to("nowhere")

    result = floe("init")

    assert (result.status, result.stdout) == (2, "")
    assert result.stderr == (
        "FLOE-E010 'README.md' is there already\n  hint: choose another folder\n"
        "FLOE-E010 'models/schema.yml' is there already\n  hint: choose another folder\n"
    )
    assert files(tmp_path) == ["README.md"]


@pytest.mark.requirement("FR-015")
def test_a_product_is_told_to_run(floe: Floe, tmp_path: Path) -> None:
    (tmp_path / "dbt_project.yml").write_text("name: mine\nprofile: mine\n")
    (tmp_path / "manifest.yaml").write_text("metadata: {name: mine}\n")
    (tmp_path / "floe.yaml").write_text("metadata: {name: mine}\n")
    result = floe("init")
    assert result.stderr == "FLOE-E010 'floe.yaml' is there already\n  hint: floe run\n"
    assert (tmp_path / "floe.yaml").read_text() == "metadata: {name: mine}\n"


@pytest.mark.requirement("FR-066")
def test_a_folder_that_cannot_be_made_is_named(floe: Floe, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = floe("init", "file/shop")
    assert (result.status, result.stderr) == (1, "FLOE-E003 cannot use 'file/shop': not a directory\n")
