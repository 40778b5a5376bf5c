"""Commands in places where there is little or nothing to find."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from testing.command_line import CORNER_SHOP, Floe, write


@pytest.mark.requirement("FR-015")
@pytest.mark.parametrize(
    "command", ["compile", "run", "runs", "status", "query 1", "why t", "trace", "lineage"]
)
def test_without_a_product_every_command_says_so(floe: Floe, command: str) -> None:
    result = floe(*command.split())
    assert (result.status, result.stdout) == (2, "")
    assert result.stderr.splitlines()[0] == "FLOE-E210 no floe.yaml here or above"


@pytest.mark.requirement("FR-015")
@pytest.mark.parametrize("command", ["run", "query 1", "status", "runs"])
def test_a_manifest_that_is_named_must_exist(floe: Floe, shop: Path, command: str) -> None:
    result = floe(*command.split(), "--manifest", "nope.yaml")
    assert (result.status, result.stderr.splitlines()[0]) == (2, "FLOE-E212 no manifest at 'nope.yaml'")


@pytest.mark.requirement("FR-012")
def test_a_product_that_never_ran_stands_nowhere_yet(floe: Floe, shop: Path) -> None:
    assert floe("runs").stdout == "nothing has run here yet\n"
    assert floe("query", "select 1").stderr == "FLOE-E012 nothing has run here yet\n  hint: floe run\n"
    assert floe("status").stdout == (
        "corner-shop: not compiled yet, floe run does both\n  no tables published yet\n"
    )
    assert floe("status", "--output", "json").document == {
        "schema_version": "1",
        "products": [
            {
                "name": "corner-shop",
                "environment": "dev",
                "version": None,
                "digest": None,
                "state": None,
                "last_run": None,
                "last_run_at": None,
                "last_maintenance": None,
                "tables": [],
            }
        ],
        "catalog": None,
    }
    assert not (shop / ".floe").exists()


@pytest.mark.requirement("FR-012")
def test_above_several_products_one_is_to_be_named(floe: Floe, tmp_path: Path) -> None:
    for name in ("alpha", "beta"):
        write(tmp_path / name, {"floe.yaml": f"metadata: {{name: {name}}}\n"})
    write(tmp_path, {"manifest.yaml": "metadata: {name: p}\n"})
    assert floe("run").stderr.splitlines()[0] == "FLOE-E211 several products here: alpha, beta"
    assert floe("run", "alhpa").stderr == ("FLOE-E210 no product 'alhpa'\n  hint: did you mean 'alpha'?\n")
    names = [product["name"] for product in floe("status", "--output", "json").document["products"]]
    assert names == ["alpha", "beta"]


@pytest.mark.requirement("FR-010")
def test_an_artifact_of_another_version_is_to_be_compiled_again(floe: Floe, shop: Path) -> None:
    write(shop, {"target/floe/compiled_artifacts.json": '{"version": "0.4.0"}'})
    result = floe("query", "select 1")
    path = "target/floe/compiled_artifacts.json"
    said = f"FLOE-E013 '{path}' is not of this version of floe\n  hint: floe compile\n"
    assert (result.status, result.stderr) == (2, said)
    for arguments in (["lineage"], ["lineage", "sales"]):
        result = floe(*arguments)
        assert (result.status, result.stderr) == (2, said)


@pytest.mark.requirement("FR-017")
def test_schemas_are_written_for_editors(floe: Floe, tmp_path: Path) -> None:
    result = floe("schema", "export", "schemas")
    names = ["floe.schema.json", "manifest.schema.json", "compiled_artifacts.schema.json"]
    assert result.stdout.splitlines() == [f"wrote schemas/{name}" for name in names]
    spec, manifest, artifacts = (json.loads((tmp_path / "schemas" / name).read_text()) for name in names)
    assert spec["required"] == ["metadata"]
    assert {"apiVersion", "metadata", "plugins", "lock"} <= set(manifest["properties"])
    assert artifacts["properties"]["version"]["const"] == "0.5.0"


@pytest.mark.requirement("FR-050")
def test_plugins_are_listed_by_type(floe: Floe) -> None:
    listed = floe("plugins", "list", "--output", "json").document["plugins"]
    lines = floe("plugins", "list").stdout.splitlines()
    assert {"type": "catalog", "name": "local", "distribution": "floe-local", "version": "0.1.0"} in listed
    assert [line.split() for line in lines[2:]] == [list(plugin.values()) for plugin in listed]


@pytest.mark.requirement("FR-012")
def test_a_broken_floe_yaml_does_not_keep_status_from_answering(floe: Floe, tmp_path: Path) -> None:
    write(tmp_path, {"manifest.yaml": "metadata: {name: p}\n", "a/floe.yaml": "metadata: [\n"})
    write(tmp_path / "b", CORNER_SHOP)
    assert floe("status").stdout.splitlines()[::2] == [
        "a: not compiled yet, floe run does both",
        "corner-shop: not compiled yet, floe run does both",
    ]
    assert floe("runs").stdout == "nothing has run here yet\n"
