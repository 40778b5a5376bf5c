"""Whether the chosen plugins speak with each other."""

from __future__ import annotations

from collections.abc import Iterator

from floe_core.compilation.plan import ChosenPlugins
from floe_core.errors import Problem
from floe_core.plugins.storage import StoragePlugin
from floe_core.plugins.types import PluginType


def incapable(plugins: ChosenPlugins) -> Iterator[Problem]:
    """The compute's plugin where it does not speak the catalog's protocol or the storage's scheme."""
    compute = plugins.by_type[PluginType.COMPUTE]
    catalog, storage = plugins.by_type[PluginType.CATALOG], plugins.by_type[PluginType.STORAGE]
    assert isinstance(storage.plugin, StoragePlugin)  # the registry has checked it
    for other, word, spoken, known in (
        (catalog, "catalog", plugins.catalog.protocol, plugins.compute.protocols),
        (storage, "storage", storage.plugin.scheme, plugins.compute.schemes),
    ):
        if spoken and known and spoken not in known:
            place = f" in {other.at}" if other.at and compute.at else ""
            yield Problem(
                "FLOE-E222",
                f"compute '{compute.name}' does not speak '{spoken}', as {word} '{other.name}'{place} does",
                compute.at or other.at,
                hint=f"it speaks {', '.join(sorted(known))}: choose another compute or another {word}",
            )
