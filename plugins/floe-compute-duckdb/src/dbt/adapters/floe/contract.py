"""dbt contracts in a run: what compiling has checked, also where the SQL shows only now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from floe_compute_duckdb.empty_database import stored, type_name


def breaches(described: Sequence[tuple[str, str]], model: Mapping[str, Any]) -> Iterator[str]:
    """What of the model's contract its columns do not keep, each with dbt's own words for it at the end.

    Types are compared as Iceberg stores them: a SMALLINT keeps a contract of INTEGER.
    """
    promised = {str(name).casefold(): column for name, column in model["columns"].items()}
    found = {name.casefold(): (name, kind) for name, kind in described}
    kept = {column.name.casefold(): column.type for column in stored(described)}
    for key, column in promised.items():
        if key not in found:
            yield f"the contract has a column '{column['name']}', the SQL does not: missing in definition"
        elif type_name(column["data_type"]) != kept[key]:
            yield (
                f"column '{column['name']}' is {found[key][1]}, the contract says {column['data_type']}:"
                " data type mismatch"
            )
    for key, (name, _) in found.items():
        if key not in promised:
            yield f"the SQL has a column '{name}', the contract does not: missing in contract"
