"""dbt contracts in a run: what compiling has checked, also where the SQL shows only now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from floe_compute_duckdb.empty_database import stored, type_name


def breach(described: Sequence[tuple[str, str]], model: Mapping[str, Any]) -> str | None:
    """What of the model's contract its columns do not keep; None if they keep it."""
    promised = {str(name).casefold(): column for name, column in model["columns"].items()}
    found = {column.name.casefold(): column for column in stored(described)}
    for key, column in promised.items():
        if key not in found:
            return f"the contract has a column '{column['name']}', the SQL does not"
        if type_name(column["data_type"]) != found[key].type:
            return f"column '{column['name']}' is {found[key].type}, the contract says {column['data_type']}"
    extra = [column.name for key, column in found.items() if key not in promised]
    return f"the SQL has a column '{extra[0]}', the contract does not" if extra else None
