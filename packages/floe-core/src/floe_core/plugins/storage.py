"""Where the files of the tables lie."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from floe_core.plugins.base import Plugin


class StoragePlugin(Plugin, ABC):
    """A place for table files; ``scheme`` is that of their URIs, such as 'file' or 's3'."""

    scheme: ClassVar[str] = ""

    @abstractmethod
    def warehouse_uri(self, state_dir: Path) -> str:
        """The URI below which tables get their locations."""

    @abstractmethod
    def file_io_properties(self) -> Mapping[str, str]:
        """What an Iceberg client needs to read and write there."""
