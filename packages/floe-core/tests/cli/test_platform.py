"""The platform team's verbs."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from testing.command_line import CORNER_SHOP, Floe, write

pytestmark = pytest.mark.xdist_group("cli")


@pytest.fixture
def platform(tmp_path: Path, floe: Floe) -> Path:
    """Two products under one manifest; the test stands above them."""
    write(tmp_path, {"manifest.yaml": "metadata: {name: high-street}\n"})
    write(tmp_path / "corner", CORNER_SHOP)
    other = {**CORNER_SHOP, "floe.yaml": "metadata: {name: bakery, owner: oven}\n"}
    write(tmp_path / "bakery", other)
    return tmp_path


@pytest.mark.requirement("FR-014", "FR-086")
def test_platform_compile_compiles_every_product_and_lists_them_for_the_orchestrator(
    floe: Floe, platform: Path
) -> None:
    document = floe("platform", "compile", "--output", "json").document
    again = floe("platform", "compile", "--output", "json").document

    assert [(item["product"], item["artifacts"], item["unchanged"]) for item in document["products"]] == [
        ("bakery", "bakery/target/floe/compiled_artifacts.json", False),
        ("corner-shop", "corner/target/floe/compiled_artifacts.json", False),
    ]
    assert [item["unchanged"] for item in again["products"]] == [True, True]
    assert document["workspace"] == ".floe/workspace.yaml"
    places = {
        "bakery": "../bakery/target/floe/definitions.py",
        "corner-shop": "../corner/target/floe/definitions.py",
        "platform": "dagster/platform_definitions.py",
    }
    assert yaml.safe_load((platform / ".floe/workspace.yaml").read_text()) == {
        "load_from": [
            {"python_file": {"relative_path": path, "location_name": name}} for name, path in places.items()
        ]
    }


@pytest.mark.requirement("FR-015")
def test_the_problems_of_all_products_are_told_at_once_and_no_workspace_is_written(
    floe: Floe, platform: Path
) -> None:
    for product in ("bakery", "corner"):
        (platform / product / "floe.yaml").write_text("metadata: {name: x, colour: red}\n")

    result = floe("platform", "compile")

    assert result.status == 2
    assert [line for line in result.stderr.splitlines() if "FLOE-" in line] == [
        "bakery/floe.yaml:1:21: FLOE-E201 metadata.colour: unknown key",
        "corner/floe.yaml:1:21: FLOE-E201 metadata.colour: unknown key",
    ]
    assert not (platform / ".floe").exists()


@pytest.mark.requirement("WU-6", "FR-086")
def test_a_product_that_reads_one_after_it_is_compiled_once_more(floe: Floe, platform: Path) -> None:
    rules = "governance: {rules: {layers: strict, pluginInstrumentation: off}}\n"
    table = "{name: mart_total, columns: [{name: total, data_type: 'decimal(38, 2)'}]}"
    sources = f"sources:\n  - name: till\n    schema: corner_shop\n    tables:\n      - {table}\n"
    write(platform, {"manifest.yaml": f"metadata: {{name: high-street}}\n{rules}"})
    write(platform / "corner", {"models/marts/mart_total.sql": "select 1.5 as total\n"})
    write(platform / "bakery", {"models/sources.yml": sources})
    reading = "select total from {{ source('till', 'mart_total') }}\n"
    write(platform / "bakery", {"models/marts/mart_total.sql": reading})
    compiled = floe("platform", "compile", "--output", "json")
    assert compiled.status == 0
    assert compiled.document["problems"] == []
    assert [item["product"] for item in compiled.document["products"]] == ["bakery", "corner-shop"]


@pytest.mark.requirement("FR-086", "FR-094")
def test_a_product_that_others_read_is_noticed_once_it_is_there_and_when_its_tables_are_not(
    floe: Floe, tmp_path: Path
) -> None:
    view = "{{ config(materialized='view') }} select 1 as total\n"
    write(tmp_path, {"manifest.yaml": "metadata: {name: high-street}\n"})
    for product, sql in (("bakery", "select total from {{ source('kiosk', 'sales') }}\n"), ("kiosk", view)):
        project = {"dbt_project.yml": f"name: {product}\nversion: '1.0'\nprofile: x\n"}
        write(tmp_path / product, {**project, "models/sales.sql": sql})
    write(tmp_path / "bakery", {"floe.yaml": "metadata: {name: bakery}\n"})
    write(tmp_path / "bakery", {"models/s.yml": "sources: [{name: kiosk, tables: [{name: sales}]}]\n"})

    def unchanged(product: str) -> bool:
        compiled = floe("compile", product, "--output", "json")
        assert compiled.status == 0
        return bool(compiled.document["unchanged"])

    assert [unchanged("bakery"), unchanged("bakery")] == [False, True]
    write(tmp_path / "kiosk", {"floe.yaml": "metadata: {name: kiosk}\n"})
    assert [unchanged("kiosk"), unchanged("bakery"), unchanged("bakery")] == [False, False, True]
    write(tmp_path / "kiosk", {"floe.yaml": "metadata: {name: kiosk}\nviews: inline\n"})
    assert unchanged("kiosk") is False
    assert [each["code"] for each in floe("compile", "bakery", "--output", "json").document["problems"]] == [
        "FLOE-E475"
    ]
