"""A product's name where SQL and Iceberg use it."""

from __future__ import annotations

import keyword
import re

_NO_JOBS = frozenset(keyword.kwlist) | {
    *(
        "context",
        "conf",
        "config",
        "meta",
        "input",
        "output",
        "arg_dict",
        "input_arg_dict",
        "output_arg_dict",
    ),
    *("bool", "dict", "float", "int", "str", "type"),
}
"""What Dagster refuses as a name."""


def sql_name(product: str) -> str:
    """The product's name in SQL, which is dbt's schema: ``customer-360`` is ``customer_360``."""
    return re.sub(r"\W", "_", product)


def namespace(product: str, schema: str) -> str:
    """The Iceberg namespace of a dbt schema: ``customer_360_x`` is ``customer-360_x``."""
    own = sql_name(product)
    of_product = schema.lower() == own or schema.lower().startswith(f"{own}_")
    return product + schema[len(own) :] if of_product else schema


def job_name(product: str) -> str:
    """The name of the product's job: its name in SQL, with ``_job`` where Dagster has no job of that name."""
    name = sql_name(product)
    return f"{name}_job" if name in _NO_JOBS else name
