"""dbt's own adapter suite, class by class."""

from __future__ import annotations

import importlib

import pytest

from testing.adapter_bases import BASES, IN_EVERY_RUN

pytestmark = [pytest.mark.requirement("FR-020", "FR-022", "FR-024", "FR-025")]

for module, names in BASES.items():
    for name in names:
        base = getattr(importlib.import_module(f"dbt.tests.adapter.{module}"), name)
        made = type(name, (base,), {} if name in IN_EVERY_RUN else {"pytestmark": [pytest.mark.slow]})
        globals()[f"Test{name.removeprefix('Base')}"] = made
del base, made
