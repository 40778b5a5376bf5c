"""What a profile of ``type: floe`` says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt_common.exceptions import DbtRuntimeError


@dataclass
class FloeCredentials(DuckDBCredentials):
    """``database`` is the catalog's name, ``product`` the namespace the schema stands for."""

    database: str = "floe"
    product: str = ""
    memory_limit: str | None = None
    cores: int | None = None

    @classmethod
    def __pre_deserialize__(cls, data: dict[Any, Any]) -> dict[Any, Any]:
        if data.get("path", ":memory:") != ":memory:":
            raise DbtRuntimeError(
                f"a profile of type 'floe' has no path, got '{data['path']}': the tables live in the catalog"
            )
        # DuckDBCredentials insists on a database named after the path
        fixed: dict[Any, Any] = super(DuckDBCredentials, cls).__pre_deserialize__(data)  # type: ignore[no-untyped-call]
        return fixed

    @property
    def type(self) -> str:
        return "floe"

    @property
    def unique_field(self) -> str:
        return self.database

    def _connection_keys(self) -> tuple[str, ...]:
        return ("database", "schema", "product", "settings", "extensions", "plugins")
