"""What the chosen plugins must do."""

from __future__ import annotations

from collections.abc import Iterator

from floe_core.compilation.plan import Plan
from floe_core.errors import Problem


def plugin_instrumentation(plan: Plan) -> Iterator[Problem]:
    """Every plugin reports what it does under a tracer of its own."""
    for plugin_type, chosen in plan.plugins.by_type.items():
        if chosen.plugin.metadata.instrumentation is None:
            yield Problem(
                "FLOE-E301",
                f"{plugin_type.value.replace('_', ' ')} plugin '{chosen.name}' reports no spans",
                chosen.at,
            )
