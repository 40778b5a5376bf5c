"""Who answers for a product."""

from __future__ import annotations

from collections.abc import Iterator

from floe_core.compilation.plan import Plan
from floe_core.errors import Problem


def ownership(plan: Plan) -> Iterator[Problem]:
    """Somebody answers for the product."""
    if plan.sources.spec.metadata.owner is None:
        yield Problem(
            "FLOE-E302",
            f"product '{plan.product}' has no owner",
            plan.sources.spec_file.at(("metadata",), key=True),
            hint="write 'owner: TEAM' under 'metadata'",
        )
