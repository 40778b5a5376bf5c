"""Which models are tested."""

from __future__ import annotations

from collections.abc import Iterator

from floe_core.compilation.checks.models import models_in
from floe_core.compilation.plan import Plan
from floe_core.compilation.property_file import described_at
from floe_core.errors import Problem


def tests(plan: Plan) -> Iterator[Problem]:
    """A model has a test that stops a run: one that only warns lets everything through."""
    rule = plan.sources.manifest.governance.rules.tests
    tested = {test.attached for test in plan.tests() if test.severity != "warn"}
    for node, layer in models_in(plan, rule, rule.layers):
        if node.unique_id not in tested:
            yield Problem(
                "FLOE-E306",
                f"model '{node.name}' is {layer} and has no test that stops a run",
                described_at(plan, node),
                hint="write 'data_tests: [not_null]' under one of its columns",
            )
