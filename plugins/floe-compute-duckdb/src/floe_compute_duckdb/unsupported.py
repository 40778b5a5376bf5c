"""What the adapter does not do yet, told before anything runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Config = Mapping[str, Any]

MATERIALIZATIONS = ("table", "view", "incremental", "ephemeral")
STRATEGIES = (None, "default", "append", "delete+insert", "merge", "microbatch")
_SUPPORTED = "append, delete+insert, merge and microbatch"
WITHOUT_EFFECT = {
    "merge_update_columns": "a merge replaces whole rows",
    "merge_exclude_columns": "a merge replaces whole rows",
    "merge_clauses": "a merge replaces whole rows",
    "merge_update_condition": "a merge replaces whole rows",
    "merge_insert_condition": "a merge takes every row",
    "merge_update_set_expressions": "a merge replaces whole rows",
    "merge_on_using_columns": "say 'unique_key' instead",
    "merge_returning_columns": "a merge returns no rows",
    "incremental_predicates": "a merge looks at every file that can hold a key",
    "predicates": "a merge looks at every file that can hold a key",
    "partition_by": "tables are not partitioned yet",
    "partitioned_by": "tables are not partitioned yet",
    "sort_by": "tables are not sorted yet",
    "sorted_by": "tables are not sorted yet",
    "indexes": "Iceberg tables have no indexes",
    "plugin": "models cannot be stored by a dbt-duckdb plugin",
    "location": "a table lies where the catalog puts it",
    "grants": "rights are not kept by this catalog",
}


def unsupported(resource_type: str, language: str, materialized: str | None, config: Config) -> str | None:
    """Why this node cannot be built, as the end of 'X: ...'; None if it can."""
    check = _CHECKS.get(resource_type)
    return check(language, materialized, config) if check else None


def _model(language: str, materialized: str | None, config: Config) -> str | None:
    if language != "sql":
        return f"models in {language} are not supported yet"
    if materialized not in MATERIALIZATIONS:
        return f"materialization '{materialized}' is not supported, only {', '.join(MATERIALIZATIONS)} are"
    if materialized == "incremental" and (reason := _incremental(config)):
        return reason
    return _table(config)


def _incremental(config: Config) -> str | None:
    strategy = config.get("incremental_strategy")
    if strategy not in STRATEGIES:
        return f"incremental strategy '{strategy}' is not supported, only {_SUPPORTED} are"
    if strategy == "microbatch" and config.get("unique_key"):
        return "incremental strategy 'microbatch' replaces batches of time: take 'unique_key' away"
    if strategy == "merge" and not config.get("unique_key"):
        return "incremental strategy 'merge' needs a 'unique_key'"
    return None


def _table(config: Config) -> str | None:
    for key, reason in WITHOUT_EFFECT.items():
        if config.get(key):
            return f"'{key}' is not supported: {reason}"
    return None


def _seed(_language: str, _materialized: str | None, config: Config) -> str | None:
    return _table(config)


def _snapshot(_language: str, _materialized: str | None, _config: Config) -> str:
    return "snapshots are not supported yet"


def _test(_language: str, _materialized: str | None, config: Config) -> str | None:
    if config.get("store_failures") or config.get("store_failures_as") in ("table", "view"):
        return "'store_failures' is not supported yet"
    return None


_CHECKS: dict[str, Callable[[str, str | None, Config], str | None]] = {
    "model": _model,
    "seed": _seed,
    "snapshot": _snapshot,
    "test": _test,
}
