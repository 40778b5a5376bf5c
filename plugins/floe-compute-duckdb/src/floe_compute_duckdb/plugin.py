"""The plugin: its configuration, and what the compiler and the command line ask of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from floe_compute_duckdb.unsupported import unsupported
from floe_core.errors import Problem
from floe_core.inlined_views import InlinedView
from floe_core.lake import Lake
from floe_core.plugins.base import PluginMetadata
from floe_core.plugins.compute import Column, ComputePlugin, Earlier, Proof, QueryResult, Relation
from floe_core.plugins.dbt import ParsedNode

Setting = str | int | float | bool
_LIMITS = {
    "memory_limit": "memoryLimit",
    "max_memory": "memoryLimit",
    "threads": "cores",
    "worker_threads": "cores",
    "temp_directory": "tempDirectory",
}


class DuckDB(ComputePlugin):
    """DuckDB in memory: it computes and owns no data."""

    metadata: ClassVar[PluginMetadata] = PluginMetadata(
        name="duckdb", version="0.1.0", instrumentation="floe.iceberg"
    )
    protocols: ClassVar[frozenset[str]] = frozenset({"rest", "sql"})
    schemes: ClassVar[frozenset[str]] = frozenset({"file", "s3"})

    threads: int = Field(default=4, ge=1, le=256, description="How many models are built at once.")
    memory_limit: str | None = Field(
        default=None,
        pattern=r"(?i)^\d+(\.\d+)?\s*(KB|MB|GB|TB|KiB|MiB|GiB|TiB|%)$",
        description="What DuckDB may use before it spills to disk, such as '4GB', shared by the products that"
        " run at once; by default 80 % of memory.",
    )
    cores: int | None = Field(
        default=None,
        ge=1,
        description="How many cores DuckDB computes on, shared by the products that run at once; by default"
        " all.",
    )
    temp_directory: str | None = Field(
        default=None,
        min_length=1,
        description="The folder it spills into, relative to the platform's .floe; by default 'tmp'.",
    )
    settings: dict[str, Setting] = Field(
        default_factory=dict, description="Further settings of DuckDB, such as 'TimeZone' (default: UTC)."
    )
    attach: tuple[Mapping[str, Any], ...] = Field(
        default=(),
        description="Databases that models read, as dbt-duckdb attaches them: path, alias, type. Read only.",
    )
    plugins: tuple[Mapping[str, Any], ...] = Field(
        default=(),
        description="dbt-duckdb's plugins that read sources, as it has them: module, alias, config.",
    )
    module_paths: tuple[str, ...] = Field(
        default=(), description="Folders with plugins' modules, relative to the dbt project."
    )
    extensions: tuple[str, ...] = Field(
        default=(), description="Extensions of DuckDB that models need, installed and loaded by name."
    )

    @field_validator("settings")
    @classmethod
    def _limits_have_names_of_their_own(cls, settings: dict[str, Setting]) -> dict[str, Setting]:
        for name, key in _LIMITS.items():
            if name in {setting.lower() for setting in settings}:
                raise PydanticCustomError(
                    "limit", "'{name}' is set by '{key}', outside of 'settings'", {"name": name, "key": key}
                )
        return settings

    def tmp_dir(self, state_dir: Path) -> Path:
        return state_dir / self.temp_directory if self.temp_directory else super().tmp_dir(state_dir)

    def remarks(self, state_dir: Path) -> Sequence[Problem]:
        from floe_compute_duckdb.extension_wheels import other_versions

        return other_versions()

    def dbt_output(self, *, catalog_name: str, product: str, schema: str) -> dict[str, object]:
        output: dict[str, object] = {
            "type": "floe",
            "database": catalog_name,
            "schema": schema,
            "product": product,
            "threads": self.threads,
        }
        said = {
            "settings": dict(self.settings),
            "extensions": list(self.extensions),
            "attach": [_typed(each) | {"read_only": True} for each in self.attach],
            "plugins": [_typed(each) for each in self.plugins],
            "module_paths": list(self.module_paths),
            "memory_limit": self.memory_limit,
            "cores": self.cores,
        }
        return output | {key: value for key, value in said.items() if value}

    def unsupported(self, node: ParsedNode) -> str | None:
        return unsupported(node.resource_type, node.language, node.materialized, node.config)

    def layout_problems(self, node: ParsedNode, columns: Sequence[Column]) -> Sequence[Problem]:
        said = {key: node.config.get(key) for key in ("partition_by", "sort_by")}
        if not any(said.values()):
            return ()
        from floe_iceberg import check_layout

        return check_layout(said, [(column.name, column.type) for column in columns])

    def type_name(self, written: str) -> str | None:
        from floe_compute_duckdb.empty_database import type_name

        return type_name(written)

    def prove(
        self,
        relations: Sequence[Relation],
        working_dir: Path,
        earlier: Earlier = lambda _relation, _proofs: None,
    ) -> Mapping[str, Proof]:
        from floe_compute_duckdb.proof import prove

        return prove(relations, working_dir, self.extensions, earlier)

    def query(
        self,
        lake: Lake,
        sql: str,
        *,
        schema: str | None,
        as_of: datetime | int | str | None = None,
        run_id: str | None = None,
        views: Sequence[InlinedView] = (),
        tmp: Path | None = None,
    ) -> QueryResult:
        from floe_compute_duckdb.query import query
        from floe_compute_duckdb.share import Limits

        limits = Limits(self.memory_limit, self.cores)
        return query(
            lake, sql, schema=schema, as_of=as_of, run_id=run_id, views=views, limits=limits, tmp=tmp
        )


def _typed(said: Any) -> Any:
    """What dbt-duckdb takes as it is: floe's files keep every scalar as text unless a field has a type."""
    if isinstance(said, Mapping):
        return {key: _typed(value) for key, value in said.items()}
    if isinstance(said, list | tuple):
        return [_typed(value) for value in said]
    if said in ("true", "false"):
        return said == "true"
    return int(said) if isinstance(said, str) and re.fullmatch(r"-?(0|[1-9]\d*)", said) else said
