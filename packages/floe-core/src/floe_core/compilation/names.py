"""A product's name where SQL and Iceberg use it."""

from __future__ import annotations

import re


def sql_name(product: str) -> str:
    """The product's name in SQL, which is dbt's schema: ``customer-360`` is ``customer_360``."""
    return re.sub(r"\W", "_", product)


def namespace(product: str, schema: str) -> str:
    """The Iceberg namespace of a dbt schema: ``customer_360_x`` is ``customer-360_x``."""
    own = sql_name(product)
    of_product = schema.lower() == own or schema.lower().startswith(f"{own}_")
    return product + schema[len(own) :] if of_product else schema
