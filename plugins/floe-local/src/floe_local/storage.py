"""Table files on the local disk, beside the catalog."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import ClassVar

from floe_core.plugins.base import Health, PluginMetadata
from floe_core.plugins.storage import StoragePlugin


class LocalStorage(StoragePlugin):
    """Files under ``warehouse/`` in the platform's state."""

    metadata: ClassVar[PluginMetadata] = PluginMetadata(name="local", version=version("floe-local"))

    def warehouse_uri(self, state_dir: Path) -> str:
        return f"file://{state_dir.resolve() / 'warehouse'}"

    def file_io_properties(self) -> Mapping[str, str]:
        return {}

    def health(self, state_dir: Path) -> Health:
        folder = next(path for path in (state_dir, *state_dir.parents) if path.exists())
        if not os.access(folder, os.W_OK):
            return Health(healthy=False, reason=f"no right to write in '{folder}'")
        return Health(healthy=True)
