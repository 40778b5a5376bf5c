"""What CONTRIBUTING.md tells people to type, typed."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from floe_core.errors import PluginError
from floe_core.plugins.registry import PluginRegistry
from floe_core.plugins.storage import StoragePlugin
from floe_core.plugins.types import PluginType
from testing.sources import ROOT


def _block(language: str) -> str:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    found = re.findall(rf"^ *```{language}\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE)
    assert len(found) == 1, f"one {language} block, not {len(found)}"
    return textwrap.dedent(found[0])


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PluginRegistry:
    """With the distribution of the instructions installed, as far as Python can tell."""
    table, entry_point = _block("toml").splitlines()
    group = table.removeprefix('[project.entry-points."').removesuffix('"]')
    information = tmp_path / "floe_storage_tape-0.1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: floe-storage-tape\nVersion: 0.1.0\n")
    (information / "entry_points.txt").write_text(f"[{group}]\n{entry_point.replace(chr(34), '')}\n")
    (tmp_path / "floe_storage_tape.py").write_text(_block("python"))
    monkeypatch.syspath_prepend(str(tmp_path))
    return PluginRegistry()


@pytest.mark.requirement("FR-053")
def test_the_plugin_of_the_instructions_is_found_and_used(registry: PluginRegistry, tmp_path: Path) -> None:
    tape = registry.create(PluginType.STORAGE, "tape", {"drive": "st0", "password": "secret"})
    assert isinstance(tape, StoragePlugin)
    assert tape.warehouse_uri(tmp_path) == "tape://st0"
    assert "secret" not in repr(tape)


@pytest.mark.requirement("FR-053")
def test_a_wrong_key_of_that_plugin_is_told_with_the_right_one(registry: PluginRegistry) -> None:
    with pytest.raises(PluginError) as caught:
        registry.create(PluginType.STORAGE, "tape", {"drvie": "st0"})
    told = str(caught.value)
    assert "drvie" in told
    assert "did you mean 'drive'?" in told
