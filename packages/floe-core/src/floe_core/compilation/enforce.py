"""ENFORCE: the platform's policies, over the plan."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from floe_core.compilation.plan import Plan
from floe_core.errors import PolicyError, Problem
from floe_core.schemas.artifacts import EnforcementResultSummary

Check = Callable[[Plan], Iterator[Problem]]


@dataclass(frozen=True)
class Enforced:
    """The plan with what the policies said of it."""

    plan: Plan
    summary: EnforcementResultSummary
    warnings: tuple[Problem, ...]


def plugin_instrumentation(plan: Plan) -> Iterator[Problem]:
    """Every plugin reports what it does under a tracer of its own."""
    for plugin_type, chosen in plan.plugins.by_type.items():
        if chosen.plugin.metadata.instrumentation is None:
            yield Problem(
                "FLOE-E301",
                f"{plugin_type.value.replace('_', ' ')} plugin '{chosen.name}' reports no spans",
                chosen.at,
                severity="warning",
            )


def ownership(plan: Plan) -> Iterator[Problem]:
    """Somebody answers for the product."""
    if plan.sources.spec.metadata.owner is None:
        yield Problem(
            "FLOE-E302",
            f"product '{plan.product}' has no owner",
            plan.sources.spec_file.at(("metadata",), key=True),
            hint="write 'owner: TEAM' under 'metadata'",
            severity="warning",
        )


CHECKS: tuple[Check, ...] = (plugin_instrumentation, ownership)


def enforce(plan: Plan) -> Enforced:
    """Check the policies as far as the platform's level says; raises PolicyError at level strict."""
    level = plan.sources.manifest.governance.level
    checks = () if level == "off" else CHECKS
    found = [problem for check in checks for problem in check(plan)]
    if found and level == "strict":
        raise PolicyError([replace(problem, severity="error") for problem in found])
    summary = EnforcementResultSummary(
        passed=True,
        error_count=0,
        warning_count=len(found),
        policy_types_checked=sorted(check.__name__ for check in checks),
        enforcement_level=level,
    )
    return Enforced(plan, summary, tuple(found))
