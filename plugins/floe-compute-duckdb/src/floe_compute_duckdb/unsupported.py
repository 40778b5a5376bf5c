"""What the adapter does not do yet, told before anything runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Config = Mapping[str, Any]

NO_TABLES = {
    "external": "say 'table', and let a post_hook 'copy' it into a file",
    "table_function": "a macro of the engine is no table that others can read",
    "materialized_view": "Iceberg has none, say 'incremental'",
}
WITHOUT_EFFECT = {
    "partitioned_by": "say 'partition_by'",
    "sorted_by": "say 'sort_by'",
    "indexes": "Iceberg tables have no indexes",
    "plugin": "models cannot be stored by a dbt-duckdb plugin",
    "location": "a table lies where the catalog puts it",
    "grants": "rights are not kept by this catalog",
}


def unsupported(resource_type: str, language: str, materialized: str | None, config: Config) -> str | None:
    """Why this node cannot be built, as the end of 'X: ...'; None if it can."""
    check = _CHECKS.get(resource_type)
    return check(language, materialized, config) if check else None


def _model(_language: str, materialized: str | None, config: Config) -> str | None:
    if reason := NO_TABLES.get(materialized or ""):
        return f"materialization '{materialized}' is not supported: {reason}"
    if config.get("incremental_strategy") == "insert_overwrite":
        return "incremental strategy 'insert_overwrite' is not supported: say 'microbatch' or 'delete+insert'"
    if config.get("incremental_strategy") == "microbatch" and config.get("unique_key"):
        return "incremental strategy 'microbatch' replaces batches of time: take 'unique_key' away"
    return _table("", materialized, config)


def _table(_language: str, _materialized: str | None, config: Config) -> str | None:
    for key, reason in WITHOUT_EFFECT.items():
        if config.get(key):
            return f"'{key}' is not supported: {reason}"
    return None


_CHECKS: dict[str, Callable[[str, str | None, Config], str | None]] = {
    "model": _model,
    "seed": _table,
    "snapshot": _table,
}
