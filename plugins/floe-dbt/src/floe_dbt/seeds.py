"""Seeds: the columns their tables will have, and whether every value fits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dbt.adapters.base import BaseAdapter
from dbt_common.clients import agate_helper

from floe_core.plugins.dbt import CompiledNode


def compile_seed(adapter: BaseAdapter, seed: Any, path: Path) -> CompiledNode:
    """Infer the types as dbt does in a run; an adapter with ``check_seed`` then reads the file."""
    column_types: dict[str, str] = seed.config.column_types
    delimiter: str = seed.config.delimiter
    try:
        table = agate_helper.from_csv(path, text_columns=column_types, delimiter=delimiter)
    except (OSError, ValueError) as error:
        return CompiledNode(error=str(error))
    columns = tuple(
        (name, str(column_types.get(name) or adapter.convert_type(table, index)))
        for index, name in enumerate(table.column_names)
    )
    check = getattr(adapter, "check_seed", None)
    problem = check(str(path), columns, delimiter, seed.config.quote_columns) if check else None
    if problem is not None:
        return CompiledNode(error=problem.message, error_line=problem.line, columns=columns)
    return CompiledNode(columns=columns)
