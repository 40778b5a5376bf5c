"""The columns in which no published row has NULL: a run that finds one publishes nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from floe_core.compilation.plan import Plan
from floe_core.plugins.dbt import ParsedNode

_WEAKENED_BY = {"where": None, "limit": None, "fail_calc": "count(*)", "error_if": "!= 0"}
"""Settings of a dbt test and what they are when nothing is said: with others it lets NULL pass."""


def not_null_columns(plan: Plan) -> dict[str, frozenset[str]]:
    """By unique id, the columns that a test keeps from NULL, and those another product promises."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for test in plan.tests():
        if test.generic_test == "not_null" and test.attached and test.tested_column and _stops(test):
            found[test.attached].add(test.tested_column)
    for node in plan.sources_read():
        neighbour = plan.neighbours.get(node.unique_id)
        if table := neighbour and neighbour.table(node):
            found[node.unique_id].update(column.name for column in table.columns if not column.nullable)
    return {unique_id: frozenset(columns) for unique_id, columns in found.items()}


def _stops(test: ParsedNode) -> bool:
    config: Mapping[str, Any] = test.config
    as_ever = all(config.get(key) in (None, usual) for key, usual in _WEAKENED_BY.items())
    return as_ever and (test.severity or "error") == "error" and config.get("enabled", True) is True
