"""The rules, each a function with the name it has in ``governance.rules``."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from floe_core.compilation.checks import columns
from floe_core.compilation.checks.columns import Proofs
from floe_core.compilation.checks.deprecations import deprecations
from floe_core.compilation.checks.documentation import descriptions
from floe_core.compilation.checks.layers import layers
from floe_core.compilation.checks.naming import naming
from floe_core.compilation.checks.ownership import ownership
from floe_core.compilation.checks.plugins import plugin_instrumentation
from floe_core.compilation.checks.policies import policies
from floe_core.compilation.checks.tests import tests
from floe_core.compilation.plan import Plan
from floe_core.errors import Problem

Check = Callable[[Plan], Iterator[Problem]]
ColumnCheck = Callable[[Plan, Proofs], Iterator[Problem]]

CHECKS: tuple[Check, ...] = (
    plugin_instrumentation,
    ownership,
    naming,
    layers,
    tests,
    descriptions,
    policies,
)
COLUMN_CHECKS: tuple[ColumnCheck, ...] = (columns.descriptions, columns.personal_data, deprecations)
