"""Keys as projects write them for dbt-duckdb, which puts them into its SQL as they are."""

from __future__ import annotations

import re

_COLUMN = re.compile(r"\s*(\w+|\"(?:[^\"]|\"\")+\")\s*")


def is_column(key: str) -> bool:
    """Whether a key is the name of a column, and no list or expression of columns."""
    return _COLUMN.fullmatch(key) is not None


def unquoted(key: str) -> str:
    """The name of a column that is written in quotes where SQL needs them."""
    if len(key) > 2 and key[0] == key[-1] == '"':
        return key[1:-1].replace('""', '"')
    return key
