"""Snapshots: the columns in which dbt keeps their history."""

from __future__ import annotations

from typing import Any

_NAMES = ("dbt_scd_id", "dbt_updated_at", "dbt_valid_from", "dbt_valid_to", "dbt_is_deleted")


def with_history(sql: str, config: Any) -> str:
    """The query with the columns that a snapshot adds to it, of the types they have in its table."""
    chosen = config.snapshot_meta_column_names
    names = {name: getattr(chosen, name, None) or name for name in _NAMES}
    # dbt takes the moment of a change from the data if the strategy says where it stands, else its clock
    moment = config.updated_at if config.strategy == "timestamp" else "cast(null as timestamp)"
    added = [
        f"cast(null as varchar) as {names['dbt_scd_id']}",
        f"{moment} as {names['dbt_updated_at']}",
        f"{moment} as {names['dbt_valid_from']}",
        f"nullif({moment}, {moment}) as {names['dbt_valid_to']}",
    ]
    if config.get("hard_deletes") == "new_record":
        added.append(f"cast(null as varchar) as {names['dbt_is_deleted']}")
    return f"select *, {', '.join(added)} from (\n{sql}\n)"
