"""Which models are described."""

from __future__ import annotations

from collections.abc import Iterator

from floe_core.compilation.checks.models import models_in
from floe_core.compilation.plan import Plan
from floe_core.compilation.property_file import described_at
from floe_core.errors import Problem


def descriptions(plan: Plan) -> Iterator[Problem]:
    """A model says what it is."""
    rule = plan.sources.manifest.governance.rules.descriptions
    for node, layer in models_in(plan, rule, rule.layers):
        if not node.description.strip():
            yield Problem(
                "FLOE-E307",
                f"model '{node.name}' is {layer} and has no description",
                described_at(plan, node),
                hint=f"write 'description: …' beside 'name: {node.name}' in a YAML file of its folder",
            )
