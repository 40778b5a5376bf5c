"""How one column comes to be in another: the words of OpenLineage's column lineage facet."""

from __future__ import annotations

from typing import Literal

Transformation = Literal[
    "IDENTITY",
    "TRANSFORMATION",
    "AGGREGATION",
    "CONDITIONAL",
    "WINDOW",
    "JOIN",
    "FILTER",
    "GROUP_BY",
    "SORT",
]

DIRECT: tuple[Transformation, ...] = ("IDENTITY", "TRANSFORMATION", "AGGREGATION")
"""Where the value itself comes from; everything else is INDIRECT."""
