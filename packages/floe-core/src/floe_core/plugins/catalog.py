"""Where the tables are listed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

from floe_core.lake import Lake, TableHistory
from floe_core.plugins.base import Plugin
from floe_core.plugins.storage import StoragePlugin


class CatalogPlugin(Plugin, ABC):
    """A catalog of Iceberg tables; ``protocol`` is how it is spoken to, such as 'sql' or 'rest'."""

    protocol: ClassVar[str] = ""

    @property
    @abstractmethod
    def catalog_name(self) -> str:
        """The catalog's name, which is also dbt's database."""

    @abstractmethod
    def open(self, storage: StoragePlugin, state_dir: Path) -> Lake:
        """Open the catalog, making it when it is new.

        Raises WorkError when the state was moved or copied from elsewhere, and
        ServiceError when the catalog cannot be reached.
        """

    def history(
        self, storage: StoragePlugin, state_dir: Path, namespace: str, table: str
    ) -> TableHistory | None:
        """The states of a table, read anew; None when it was never published.

        What reads a table's metadata without an engine answers faster. Raises what ``open`` raises.
        """
        return self.open(storage, state_dir).history(namespace, table)
