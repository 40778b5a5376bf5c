"""ENFORCE: the platform's rules, each at its level."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from floe_core.compilation.checks import CHECKS, COLUMN_CHECKS
from floe_core.compilation.checks.columns import Proofs
from floe_core.compilation.checks.deprecations import deprecations
from floe_core.compilation.checks.policies import policies
from floe_core.compilation.plan import Plan
from floe_core.errors import PolicyError, Problem, in_order
from floe_core.policy.files import policy_files
from floe_core.schemas.artifacts import EnforcementResultSummary
from floe_core.schemas.governance import Governance, Rule


@dataclass(frozen=True)
class Enforced:
    """The plan with what the rules said of it, warnings only: anything else would have been raised."""

    plan: Plan
    checked: tuple[str, ...]
    warnings: tuple[Problem, ...]

    @property
    def summary(self) -> EnforcementResultSummary:
        return EnforcementResultSummary(
            passed=True,
            error_count=0,
            warning_count=len(self.warnings),
            policy_types_checked=sorted(set(self.checked)),
            enforcement_level=self.plan.sources.manifest.governance.level,
        )


def enforce(plan: Plan) -> Enforced:
    """Check the plan against the rules; raises PolicyError with all that strict ones found."""
    governance = plan.sources.manifest.governance
    checks = [check for check in CHECKS if _asks(plan, check.__name__)]
    found = [_at_level(problem, governance, check.__name__) for check in checks for problem in check(plan)]
    return _passed(Enforced(plan, tuple(check.__name__ for check in checks), tuple(found)))


def enforce_columns(enforced: Enforced, proofs: Proofs) -> Enforced:
    """Check what shows only when everything is bound; raises PolicyError like ``enforce``."""
    plan, governance = enforced.plan, enforced.plan.sources.manifest.governance
    checks = [check for check in COLUMN_CHECKS if _asks(plan, check.__name__)]
    found = [
        _at_level(problem, governance, check.__name__) for check in checks for problem in check(plan, proofs)
    ]
    checked = (*enforced.checked, *(check.__name__ for check in checks))
    return _passed(Enforced(plan, checked, (*enforced.warnings, *found)))


def _asks(plan: Plan, name: str) -> bool:
    """Whether there is anything the rule could find wrong."""
    governance = plan.sources.manifest.governance
    rule: Rule = getattr(governance.rules, name)
    said = rule.asks and (name != policies.__name__ or policy_files(plan.sources.location))
    others = name != deprecations.__name__ or plan.neighbours
    return governance.level_of(name) != "off" and bool(said and others)


def _at_level(problem: Problem, governance: Governance, name: str) -> Problem:
    return replace(problem, severity="error" if governance.level_of(name) == "strict" else "warning")


def _passed(enforced: Enforced) -> Enforced:
    errors: Iterable[Problem] = [each for each in enforced.warnings if each.severity == "error"]
    if errors:
        raise PolicyError(in_order(errors))
    return enforced
