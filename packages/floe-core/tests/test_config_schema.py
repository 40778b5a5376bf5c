"""What an editor is told about the plugins of a manifest."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from floe_core.plugins import BASE_CLASSES, PluginRegistry, PluginType
from floe_core.plugins.config_schema import with_plugins
from floe_core.schemas.export import json_schema
from floe_core.schemas.manifest import PLUGIN_KEYS
from testing.sources import ROOT


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return with_plugins(json_schema("manifest"), PluginRegistry())


def complaints(schema: dict[str, Any], plugins: dict[str, Any]) -> list[str]:
    manifest = {"metadata": {"name": "p"}, "plugins": plugins}
    Draft202012Validator.check_schema(schema)
    found = Draft202012Validator(schema).iter_errors(manifest)
    return sorted(f"{error.json_path}: {error.message}" for error in found)


@pytest.mark.requirement("FR-017")
def test_the_settings_of_an_installed_plugin_are_checked(schema: dict[str, Any]) -> None:
    assert complaints(schema, {"compute": {"type": "duckdb", "config": {"threads": 8}}}) == []
    assert complaints(schema, {"compute": {"type": "duckdb", "config": {"threads": 0, "memry": "1GB"}}}) == [
        "$.plugins.compute.config.threads: 0 is less than the minimum of 1",
        "$.plugins.compute.config: Additional properties are not allowed ('memry' was unexpected)",
    ]


@pytest.mark.requirement("FR-017", "FR-053")
def test_a_plugin_that_is_installed_elsewhere_only_is_no_mistake(schema: dict[str, Any]) -> None:
    assert complaints(schema, {"compute": {"type": "abacus", "config": {"beads": 10}}, "x-note": 1}) == []
    assert complaints(schema, {"computer": {"type": "duckdb"}}) == [
        "$.plugins: 'computer' does not match any of the regexes: '^x-'"
    ]


@pytest.mark.requirement("FR-017", "FR-050")
def test_every_plugin_type_says_what_it_is_and_which_are_installed(schema: dict[str, Any]) -> None:
    types = schema["properties"]["plugins"]["properties"]
    said = {key: types[key]["description"] for key in PLUGIN_KEYS}
    assert said == {key: BASE_CLASSES[plugin_type].__doc__ for key, plugin_type in PLUGIN_KEYS.items()}
    installed = {key: types[key]["properties"]["type"]["anyOf"][0]["enum"] for key in ("catalog", "compute")}
    found = PluginRegistry().discover_all()
    assert installed == {
        "catalog": list(found[PluginType.CATALOG]),
        "compute": list(found[PluginType.COMPUTE]),
    }


@pytest.mark.requirement("FR-017")
def test_the_demos_files_satisfy_the_schemas(schema: dict[str, Any]) -> None:
    spec = json_schema("spec")
    files = {ROOT / "demo/manifest.yaml": schema} | dict.fromkeys(ROOT.glob("demo/*/floe.yaml"), spec)
    assert len(files) == 4
    wrong = {
        str(path): [error.message for error in Draft202012Validator(each).iter_errors(yaml.safe_load(text))]
        for path, each in files.items()
        if (text := path.read_text("utf-8"))
    }
    assert wrong == {str(path): [] for path in files}
