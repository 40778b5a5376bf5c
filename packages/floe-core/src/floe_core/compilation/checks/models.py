"""The models a rule is about, and where they name what they read."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from fnmatch import fnmatchcase

from floe_core.compilation.layer import layer_of
from floe_core.compilation.plan import Plan
from floe_core.errors import Position
from floe_core.plugins.dbt import ParsedNode
from floe_core.schemas.governance import ModelRule


def models(plan: Plan, rule: ModelRule) -> Iterator[tuple[ParsedNode, str | None]]:
    """The models that are not exempt from the rule, each with its layer."""
    for node in plan.models():
        if not is_exempt(plan, node, rule):
            yield node, layer_of(node, plan.sources.manifest.layers)


def models_in(plan: Plan, rule: ModelRule, layers: Collection[str]) -> Iterator[tuple[ParsedNode, str]]:
    """Those of them that belong to one of the layers."""
    for node, layer in models(plan, rule):
        if layer is not None and layer in layers:
            yield node, layer


def is_exempt(plan: Plan, node: ParsedNode, rule: ModelRule) -> bool:
    names = (node.name, f"{plan.product}.{node.name}")
    return any(fnmatchcase(name, pattern) for name in names for pattern in rule.exempt)


def named_at(plan: Plan, node: ParsedNode, parent: ParsedNode) -> Position:
    """Where the model's own text first names the parent in quotes, else its beginning."""
    path = plan.dbt_location.project_dir / node.path
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    for number, line in enumerate(lines, 1):
        if found := re.search(rf"""['"]{re.escape(parent.name)}['"]""", line):
            return Position.of(path, number, found.start() + 1)
    return Position.of(path)
