"""What the package offers, and the one PyIceberg it runs on."""

from __future__ import annotations

import importlib
import re

import pyiceberg
import pytest

import floe_iceberg
from floe_core.errors import PluginError
from floe_core.lake import Lake as LakeProtocol
from floe_iceberg import _pyiceberg
from testing.lake import Lake


@pytest.mark.requirement("FR-022")
def test_the_package_exports_what_it_lists_and_nothing_else() -> None:
    public = {
        name
        for name, value in vars(floe_iceberg).items()
        if not name.startswith("_") and not hasattr(value, "__path__") and not hasattr(value, "__spec__")
    }
    assert public == set(floe_iceberg.__all__)
    assert floe_iceberg.__all__ == sorted(floe_iceberg.__all__)


@pytest.mark.requirement("FR-022", "FR-055")
def test_the_manager_is_a_lake_as_the_core_knows_it_and_shows_no_key(lake: Lake) -> None:
    manager: LakeProtocol = lake.manager
    shown = {
        name: re.sub(":[^:@/]+@", "@", value)  # nor a password in a URL
        for name, value in lake.properties.items()
        if "key" not in name
    }
    assert (manager.name, dict(manager.properties)) == ("floe", shown)


@pytest.mark.requirement("FR-054")
def test_another_pyiceberg_is_refused_with_the_one_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pyiceberg, "__version__", "0.13.0")
    with pytest.raises(PluginError, match=r"'0\.13\.0' is installed") as refused:
        importlib.reload(_pyiceberg)
    assert refused.value.problems[0].hint == "pip install pyiceberg==0.12.0"
