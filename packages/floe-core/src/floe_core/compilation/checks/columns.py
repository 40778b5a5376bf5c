"""What columns must say of themselves: also those that nobody describes, so they are known when bound."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

from floe_core.compilation.checks.models import is_exempt, models_in
from floe_core.compilation.plan import Plan
from floe_core.compilation.property_file import described_at
from floe_core.errors import Problem
from floe_core.plugins.compute import Column
from floe_core.plugins.dbt import ParsedNode

Columns = Mapping[str, tuple[Column, ...] | None]


def descriptions(plan: Plan, columns: Columns) -> Iterator[Problem]:
    """A column says what it is, where the rule asks it of columns."""
    rule = plan.sources.manifest.governance.rules.descriptions
    for node, layer in models_in(plan, rule, rule.layers if rule.columns else ()):
        described = {name.casefold() for name, text in node.column_descriptions.items() if text.strip()}
        for name in _names(node, columns):
            if name.casefold() not in described:
                yield Problem(
                    "FLOE-E308",
                    f"column '{node.name}.{name}' is {layer} and has no description",
                    described_at(plan, node, name),
                    hint=f"write 'description: …' beside 'name: {name}' under 'columns'",
                )


def personal_data(plan: Plan, columns: Columns) -> Iterator[Problem]:
    """A column that may hold personal data, by its name, says whether it does."""
    rule = plan.sources.manifest.governance.rules.personal_data
    for node in plan.project.nodes:
        if node.resource_type not in ("model", "seed", "source") or is_exempt(plan, node, rule):
            continue
        for name in _names(node, columns):
            suspicious = any(fnmatchcase(name.casefold(), pattern.casefold()) for pattern in rule.columns)
            if suspicious and not _is_classified(node, name):
                yield Problem(
                    "FLOE-E309",
                    f"column '{node.name}.{name}' may hold personal data and does not say whether it does",
                    described_at(plan, node, name),
                    hint=f"write 'meta: {{pii: true}}' (or false) beside 'name: {name}' under 'columns'",
                )


def _names(node: ParsedNode, columns: Columns) -> list[str]:
    """The columns as bound, else as described."""
    bound = columns.get(node.unique_id)
    return [name for name, _ in node.columns] if bound is None else [column.name for column in bound]


def _is_classified(node: ParsedNode, column: str) -> bool:
    meta = {name.casefold(): found for name, found in node.column_meta.items()}
    tags = {name.casefold(): found for name, found in node.column_tags.items()}
    said = meta.get(column.casefold(), {}).get("pii")
    return isinstance(said, bool) or "pii" in tags.get(column.casefold(), ())
