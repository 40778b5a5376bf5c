"""What floe.yaml and manifest.yaml may say."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from floe_core.errors import PluginError
from floe_core.plugins import PluginType
from floe_core.plugins.base import Plugin, PluginMetadata
from floe_core.schemas.artifacts import CompiledArtifacts
from floe_core.schemas.export import json_schema
from floe_core.schemas.manifest import EMBEDDED, Manifest
from floe_core.schemas.problems import problems_of
from floe_core.schemas.secret import AS_WRITTEN, looked_up
from floe_core.schemas.section import Section
from floe_core.schemas.settings import Retention, Schedule
from floe_core.schemas.spec import FloeSpec

NAME = {"metadata": {"name": "shop"}}


@pytest.mark.requirement("FR-010")
def test_a_name_is_all_a_product_must_say() -> None:
    spec = FloeSpec.model_validate(NAME)
    assert spec.metadata.name == "shop"
    assert spec.metadata.version == "0.0.0"
    assert spec.dbt.project == "."
    assert (spec.compute, spec.schedule, spec.retention, spec.platform) == (None, None, None, None)


@pytest.mark.requirement("FR-010")
def test_a_key_with_nothing_behind_it_is_not_said() -> None:
    spec = FloeSpec.model_validate({**NAME, "dbt": None, "retention": None, "environments": {"dev": None}})
    assert spec.dbt.project == "."
    assert list(spec.environments) == ["dev"]


@pytest.mark.requirement("FR-010")
def test_extensions_are_allowed_in_every_mapping_and_kept_nowhere() -> None:
    said = {"x-team": 1, "metadata": {"name": "shop", "x-a": []}, "environments": {"x-b": {}, "dev": {}}}
    assert FloeSpec.model_validate(said) == FloeSpec.model_validate({**NAME, "environments": {"dev": {}}})


@pytest.mark.requirement("FR-015")
@pytest.mark.parametrize("name", ["Shop", "1shop", "-shop", "sh op", "shöp", "shop.de", "", "_shop"])
def test_a_name_that_fits_no_catalog_is_a_validation_error(name: str) -> None:
    with pytest.raises(ValidationError, match="lower-case letters, digits, '-' and '_'"):
        FloeSpec.model_validate({"metadata": {"name": name}})


@pytest.mark.requirement("FR-015")
def test_secrets_beside_a_mistake_stay_out_of_the_validation_error() -> None:
    with pytest.raises(ValidationError) as raised:
        Manifest.model_validate(
            {"metadata": {"name": "p"}, "plugins": {"catalog": {"config": {"password": "hunter2"}}}}
        )
    assert "plugins.catalog.type\n  Field required" in str(raised.value)
    assert "hunter2" not in str(raised.value)


@pytest.mark.requirement("FR-010")
@pytest.mark.parametrize(("text", "seconds"), [("10m", 600), ("1h", 3600), ("7d", 604800), ("90s", 90)])
def test_durations_are_text_that_means_seconds(text: str, seconds: int) -> None:
    retention = Retention.model_validate({"maxAge": text, "column": "_loaded_at"})
    assert (retention.max_age, retention.max_age_s) == (text, seconds)


@pytest.mark.requirement("FR-010")
def test_an_empty_schedule_is_every_ten_minutes() -> None:
    assert Schedule.model_validate({}).every == "10m"
    assert Schedule.model_validate({"cron": "0 6 * * *", "timezone": "Europe/Berlin"}).every is None


@pytest.mark.requirement("FR-010")
@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"every": "10m", "cron": "@daily"}, "expected one of 'every' and 'cron'"),
        ({"every": "10m", "timezone": "UTC"}, "'timezone' is for 'cron' only"),
        ({"every": "59s"}, "'every' is at least 1m"),
        ({"cron": "0 6 * *"}, "is not a cron expression with five fields"),
        ({"cron": "@daily", "timezone": "Mars/Olympus"}, "'Mars/Olympus' is not a time zone"),
    ],
)
def test_a_schedule_that_means_nothing_is_refused(said: dict[str, str], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Schedule.model_validate(said)


@pytest.mark.requirement("FR-010")
@pytest.mark.parametrize("path", ["/data", "C:/data", "a\\b"])
def test_a_path_in_a_file_is_relative_and_the_same_everywhere(path: str) -> None:
    with pytest.raises(ValidationError, match="is not a relative path with '/'"):
        FloeSpec.model_validate({**NAME, "dbt": {"project": path}})


class Switches(Section):
    count: int = 0
    on: bool = False
    text: str | int = ""


@pytest.mark.requirement("FR-015")
def test_numbers_and_switches_are_read_in_their_one_canonical_form() -> None:
    assert Switches.model_validate({"count": "-12", "on": "true", "text": "010"}) == Switches(
        count=-12, on=True, text="010"
    )


@pytest.mark.requirement("FR-015")
@pytest.mark.parametrize("count", ["010", "1_000", "+1", "1.0", "0x10", "1e3", ""])
def test_other_ways_to_write_a_number_are_refused(count: str) -> None:
    with pytest.raises(ValidationError, match="expected a whole number"):
        Switches.model_validate({"count": count})


@pytest.mark.requirement("FR-015")
@pytest.mark.parametrize("on", ["yes", "on", "True", "1", "t"])
def test_other_ways_to_write_a_switch_are_refused(on: str) -> None:
    with pytest.raises(ValidationError, match="expected true or false"):
        Switches.model_validate({"on": on})


@pytest.mark.requirement("FR-050")
def test_every_plugin_type_is_a_key_of_a_manifest() -> None:
    keys = json_schema("manifest")["properties"]["plugins"]["propertyNames"]["enum"]
    chosen = {key: {"type": "x"} for key in keys}
    manifest = Manifest.model_validate({"metadata": {"name": "p"}, "plugins": chosen})
    assert set(manifest.plugins) == set(PluginType)
    assert "networkSecurity" in keys


@pytest.mark.requirement("FR-012")
def test_the_built_in_platform_has_the_layers_and_environments_of_the_example() -> None:
    assert EMBEDDED.layers["silver"] == ("intermediate", "silver")
    assert list(EMBEDDED.environments) == ["dev", "staging", "prod"]
    assert (EMBEDDED.governance.level, EMBEDDED.lock) == ("warn", ())


@pytest.mark.requirement("FR-017")
def test_the_exported_schemas_have_the_keys_of_the_files() -> None:
    spec, manifest = json_schema("spec"), json_schema("manifest")
    assert set(spec["properties"]) == {
        "apiVersion",
        "kind",
        "metadata",
        "platform",
        "dbt",
        "compute",
        "schedule",
        "retention",
        "exposes",
        "views",
        "deprecations",
        "environments",
    }
    assert spec["required"] == ["metadata"]
    assert spec["additionalProperties"] is False
    pattern = manifest["properties"]["lock"]["items"]["pattern"]
    assert pattern == r"^(compute|schedule|retention|environments)(\..+)?$"
    assert json_schema("artifacts")["properties"]["version"]["const"] == "0.5.0"


@pytest.mark.requirement("FR-017")
@pytest.mark.parametrize("name", ["spec", "manifest", "artifacts"])
def test_an_editor_can_show_what_each_key_means(name: Any) -> None:
    schema = json_schema(name)
    undescribed = [
        f"{model['title']}.{key}"
        for model in [schema, *schema["$defs"].values()]
        for key, value in model.get("properties", {}).items()
        if not _description(schema, value).endswith(".")
    ]
    assert undescribed == []


def _description(schema: Any, value: Any) -> str:
    """What is said of a key: pydantic leaves it to the definition where both say the same."""
    said: str = value.get("description") or schema["$defs"][value["$ref"].split("/")[-1]]["description"]
    return said


@pytest.mark.requirement("FR-010")
def test_the_contract_has_its_version() -> None:
    assert CompiledArtifacts.model_fields["version"].default == "0.5.0"


class Vault(Plugin):
    metadata = PluginMetadata(name="vault", version="1")

    token: SecretStr
    uri: str = ""
    headers: dict[str, str] = {}


@pytest.mark.requirement("FR-061", "FR-065")
@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"token": "hunter2"}, ["FLOE-E218 token: a secret is written out"]),
        ({"token": "${A}b"}, ["FLOE-E218 token: a secret is written out"]),
        (
            {"token": "${A}", "uri": "http://${HOST}"},
            ["FLOE-E217 uri: '${HOST}' is a reference, and this is no secret"],
        ),
        (
            {"token": "${A}", "headers": {"x": "${B}", "y": "z", "w": "http://${C}"}},
            [
                "FLOE-E217 headers.w: '${C}' is a reference, and this is no secret",
                "FLOE-E217 headers.x: '${B}' is a reference, and this is no secret",
            ],
        ),
    ],
)
def test_in_a_file_a_secret_is_a_reference_and_nothing_else_is(
    config: dict[str, Any], told: list[str]
) -> None:
    with pytest.raises(ValidationError) as raised:
        Vault.model_validate(config, context=AS_WRITTEN)
    problems = problems_of(raised.value, Vault)
    assert [str(problem).partition("\n")[0] for problem in problems] == told
    assert "hunter2" not in str(raised.value) + "".join(map(str, problems))


@pytest.mark.requirement("FR-061", "FR-065")
def test_a_reference_is_looked_up_when_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    config = {"token": "${VAULT_TOKEN}", "list": ["${VAULT_TOKEN}", "x"]}
    monkeypatch.setenv("VAULT_TOKEN", "hunter2")
    assert looked_up(config) == {"token": "hunter2", "list": ["hunter2", "x"]}
    monkeypatch.delenv("VAULT_TOKEN")
    with pytest.raises(PluginError, match=r"^FLOE-E219 the secret '\$\{VAULT_TOKEN\}' is not set"):
        looked_up(config)
