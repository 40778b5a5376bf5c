"""Finding and checking plugins."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from floe_core.errors import PluginError
from floe_core.plugins import BASE_CLASSES, PluginRegistry, PluginType

Install = Callable[..., None]


STORE = """
from typing import ClassVar
from floe_core.plugins import PluginMetadata, SecretsPlugin
from pydantic import SecretStr

class Vault(SecretsPlugin):
    metadata: ClassVar[PluginMetadata] = PluginMetadata(name="vault", version="1.2")
    address: str
    max_tries: int = 3
    token: SecretStr | None = None
"""


@pytest.mark.requirement("FR-050")
def test_there_are_fifteen_types_each_with_a_group_and_a_base_class() -> None:
    assert len(PluginType) == 15
    assert set(BASE_CLASSES) == set(PluginType)
    assert len({plugin_type.group for plugin_type in PluginType}) == len(PluginType)
    assert len(set(BASE_CLASSES.values())) == len(PluginType)
    assert PluginType.ALERT_CHANNEL.group == "floe.alert_channels"


@pytest.mark.requirement("FR-050")
def test_the_default_set_is_discovered_without_importing_it() -> None:
    program = (
        "import sys\n"
        "from floe_core.plugins import PluginRegistry\n"
        "found = PluginRegistry().discover_all()\n"
        "for plugin_type, named in found.items():\n"
        "    for name, [provider] in named.items(): print(plugin_type, name, provider.distribution)\n"
        "ours = ('floe_local', 'floe_dbt', 'floe_compute_duckdb', 'floe_orchestrator_dagster',"
        " 'floe_lineage_marquez', 'floe_telemetry_otlp')\n"
        "engines = ('dbt', 'dagster', 'duckdb', 'pyiceberg')\n"
        "print([module for module in (*ours, *engines) if module in sys.modules])\n"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert told.stdout.splitlines() == [
        "catalog local floe-local",
        "compute duckdb floe-compute-duckdb",
        "dbt core floe-dbt",
        "lineage local floe-local",
        "lineage marquez floe-lineage-marquez",
        "orchestrator dagster floe-orchestrator-dagster",
        "storage local floe-local",
        "telemetry local floe-local",
        "telemetry otlp floe-telemetry-otlp",
        "[]",
    ]


@pytest.mark.requirement("FR-051")
@pytest.mark.parametrize(
    ("plugin_type", "name"),
    [
        (PluginType.CATALOG, "local"),
        (PluginType.COMPUTE, "duckdb"),
        (PluginType.DBT, "core"),
        (PluginType.ORCHESTRATOR, "dagster"),
        (PluginType.STORAGE, "local"),
    ],
)
def test_every_plugin_of_the_default_set_is_of_its_type(plugin_type: PluginType, name: str) -> None:
    plugin = PluginRegistry().get(plugin_type, name)
    assert issubclass(plugin, BASE_CLASSES[plugin_type])
    assert plugin.metadata.name == name
    assert plugin.metadata.floe_api_version.split(".")[0] == "1"


@pytest.mark.requirement("FR-053")
def test_a_third_partys_plugin_is_found_and_configured(install: Install) -> None:
    install("vault-for-floe", "[floe.secrets]\nvault = vault_for_floe:Vault\n", STORE)
    registry = PluginRegistry()
    assert registry.discover_all()[PluginType.SECRETS]["vault"][0].distribution == "vault-for-floe"
    vault = registry.create(PluginType.SECRETS, "vault", {"address": "here", "maxTries": "5"})
    assert vault.model_dump() == {"address": "here", "max_tries": 5, "token": None}


@pytest.mark.requirement("FR-054")
def test_wrong_settings_are_all_told_and_secrets_are_not(install: Install) -> None:
    install("vault-for-floe", "[floe.secrets]\nvault = vault_for_floe:Vault\n", STORE)
    with pytest.raises(PluginError) as raised:
        PluginRegistry().create(
            PluginType.SECRETS, "vault", {"adress": "x", "maxTries": "many", "token": ["hunter2"]}
        )
    assert [str(problem) for problem in raised.value.problems] == [
        "FLOE-E202 address: missing\n  hint: write 'address: …' in the file",
        "FLOE-E201 adress: unknown key\n  hint: did you mean 'address'?",
        "FLOE-E203 maxTries: expected a whole number, found 'many'",
        "FLOE-E203 token: expected text, found a list",
    ]


@pytest.mark.requirement("FR-054")
def test_an_unknown_plugin_is_guessed() -> None:
    with pytest.raises(PluginError) as raised:
        PluginRegistry().get(PluginType.COMPUTE, "duckbd")
    assert str(raised.value) == ("FLOE-E204 no compute plugin named 'duckbd'\n  hint: did you mean 'duckdb'?")


@pytest.mark.requirement("FR-054")
def test_a_type_with_no_plugin_installed_says_so() -> None:
    with pytest.raises(PluginError, match="no alert channel plugin named 'sms'\n  hint: none is installed"):
        PluginRegistry().get(PluginType.ALERT_CHANNEL, "sms")


@pytest.mark.requirement("FR-054")
def test_a_name_provided_twice_names_both_distributions(install: Install) -> None:
    for distribution in ("vault-a", "vault-b"):
        install(distribution, f"[floe.secrets]\nvault = {distribution.replace('-', '_')}:Vault\n", STORE)
    with pytest.raises(PluginError) as raised:
        PluginRegistry().get(PluginType.SECRETS, "vault")
    assert str(raised.value) == (
        "FLOE-E206 secrets plugin 'vault' is provided by 'vault-a' and 'vault-b'\n"
        "  hint: uninstall one: pip uninstall vault-b"
    )


@pytest.mark.requirement("FR-051", "FR-054")
@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("class Vault: pass\n", "is not a SecretsPlugin"),
        ("Vault = 3\n", "is not a SecretsPlugin"),
        (
            "from floe_core.plugins import SecretsPlugin\nclass Vault(SecretsPlugin): pass\n",
            "has no metadata",
        ),
        (
            STORE.replace('version="1.2"', 'version="1.2", floe_api_version="2.0"'),
            "is made for plugin API 2.0, this floe has 1.0",
        ),
        (
            f"from abc import abstractmethod\n{STORE}    @abstractmethod\n    def read(self): ...\n",
            "lacks read",
        ),
        ("import not_there_at_all\n", "cannot be imported: No module named 'not_there_at_all'"),
        ("Strongbox = 1\n", "cannot be imported: module 'bad_vault' has no attribute 'Vault'"),
        ("class\n", "cannot be imported: invalid syntax"),
    ],
)
def test_what_is_no_plugin_of_the_type_is_refused(install: Install, source: str, complaint: str) -> None:
    install("bad-vault", "[floe.secrets]\nvault = bad_vault:Vault\n", source)
    with pytest.raises(PluginError) as raised:
        PluginRegistry().get(PluginType.SECRETS, "vault")
    assert f"FLOE-E207 secrets plugin 'vault' of 'bad-vault' {complaint}" in str(raised.value)


@pytest.mark.requirement("FR-051")
def test_a_plugin_is_its_configuration_and_cannot_be_changed(install: Install) -> None:
    install("vault-for-floe", "[floe.secrets]\nvault = vault_for_floe:Vault\n", STORE)
    vault: Any = PluginRegistry().create(PluginType.SECRETS, "vault", {"address": "here"})
    with pytest.raises(ValidationError, match="Instance is frozen"):
        vault.address = "there"
    assert vault.address == "here"
