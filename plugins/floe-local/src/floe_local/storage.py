"""Table files on the local disk, beside the catalog."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import ClassVar

from floe_core.plugins.base import Health, PluginMetadata
from floe_core.plugins.storage import StoragePlugin

_LEAST_FREE_BYTES = 50_000_000  # a first run of the demo writes 5 MB


class LocalStorage(StoragePlugin):
    """Files under ``warehouse/`` in the platform's state."""

    metadata: ClassVar[PluginMetadata] = PluginMetadata(
        name="local", version=version("floe-local"), instrumentation="floe.iceberg"
    )
    scheme: ClassVar[str] = "file"

    def warehouse_uri(self, state_dir: Path) -> str:
        return f"file://{state_dir.resolve() / 'warehouse'}"

    def file_io_properties(self) -> Mapping[str, str]:
        return {}

    def health(self, state_dir: Path) -> Health:
        folder = next(path for path in (state_dir, *state_dir.parents) if path.exists())
        if not os.access(folder, os.W_OK):
            return Health(healthy=False, reason=f"no right to write in '{folder}'", lasting=True)
        free = shutil.disk_usage(folder).free
        if free < _LEAST_FREE_BYTES:
            reason = f"{free // 1_000_000} MB free on the disk of '{folder}', less than 50 MB"
            return Health(healthy=False, reason=reason, lasting=True)
        return Health(healthy=True)
