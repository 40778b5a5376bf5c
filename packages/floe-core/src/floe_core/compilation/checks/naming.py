"""How models are called."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from floe_core.compilation.checks.models import models_in
from floe_core.compilation.plan import Plan
from floe_core.errors import Problem


def naming(plan: Plan) -> Iterator[Problem]:
    """A model's name fits one of its layer's patterns."""
    rule = plan.sources.manifest.governance.rules.naming
    for node, layer in models_in(plan, rule, rule.models):
        patterns = rule.models[layer]
        if not any(fnmatchcase(node.name, pattern) for pattern in patterns):
            expected = " or ".join(f"'{pattern}'" for pattern in patterns)
            yield Problem(
                "FLOE-E303",
                f"model '{node.name}' is {layer}: its name is not like {expected}",
                plan.at(node),
                hint=f"rename the file, or move it out of the folders of layer '{layer}'",
            )
