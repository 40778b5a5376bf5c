"""Starting a product."""

from __future__ import annotations

from pathlib import Path

import pytest

from floe_core.cli.commands.init import product_name
from testing.command_line import Floe


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


@pytest.mark.requirement("FR-010")
def test_a_dbt_project_gets_nothing_but_floe_yaml(floe: Floe, tmp_path: Path) -> None:
    (tmp_path / "dbt_project.yml").write_text("name: mine\n")
    (tmp_path / "Mine").mkdir()
    (tmp_path / "dbt_project.yml").rename(tmp_path / "Mine/dbt_project.yml")

    result = floe("init", "Mine")

    assert result.stdout == (
        "wrote Mine/floe.yaml, your dbt project is now product 'mine'\nnext:\n  cd Mine\n  floe run\n"
    )
    assert files(tmp_path / "Mine") == ["dbt_project.yml", "floe.yaml"]
    assert (tmp_path / "Mine/floe.yaml").read_text() == (
        "apiVersion: floe.dev/v1\nkind: Product\nmetadata:\n  name: mine\n"
    )


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
    (tmp_path / "dbt_project.yml").touch()
    (tmp_path / "floe.yaml").write_text("metadata: {name: mine}\n")
    result = floe("init")
    assert result.stderr == "FLOE-E010 'floe.yaml' is there already\n  hint: floe run\n"
    assert (tmp_path / "floe.yaml").read_text() == "metadata: {name: mine}\n"


@pytest.mark.requirement("FR-066")
def test_a_folder_that_cannot_be_made_is_named(floe: Floe, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = floe("init", "file/shop")
    assert (result.status, result.stderr) == (1, "FLOE-E003 cannot use 'file/shop': not a directory\n")
