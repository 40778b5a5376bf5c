"""Whose SQL an incremental strategy is: dbt's and dbt-duckdb's is known, a project's own can do anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_KNOWN = {"dbt", "dbt_duckdb", "floe"}  # packages
_MACROS = {
    "append": ("get_incremental_append_sql", "get_insert_into_sql"),
    "default": ("get_incremental_default_sql", "get_delete_insert_merge_sql"),
    "delete+insert": ("get_incremental_delete_insert_sql", "get_delete_insert_merge_sql"),
    "microbatch": ("get_incremental_microbatch_sql",),
    "merge": ("get_incremental_merge_sql", "get_merge_sql", "merge_clause_defaults", "merge_join_clause"),
}


def is_replaced(context: Mapping[str, Any], strategy: str) -> bool:
    """Whether the project has a macro of its own where the strategy's is looked for."""
    names = _MACROS.get(strategy, ())
    macros = (context.get(f"{prefix}{name}") for name in names for prefix in ("", "floe__", "duckdb__"))
    return any(macro is not None and macro.macro.package_name not in _KNOWN for macro in macros)
