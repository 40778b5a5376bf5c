"""Whether a project has macros in place of those that make dbt's own generic tests what they are."""

from __future__ import annotations

from dbt.contracts.graph.manifest import Manifest

PLAIN_TESTS = ("not_null", "unique")


def replaces_tests(manifest: Manifest) -> bool:
    """Whether ``not_null`` or ``unique`` may mean something else here than in dbt."""
    own = {f"{prefix}test_{kind}" for kind in PLAIN_TESTS for prefix in ("", "default__")}
    dispatched = tuple(f"__test_{kind}" for kind in PLAIN_TESTS)
    return any(
        (macro.name in own and macro.package_name != "dbt")
        or (macro.name.endswith(dispatched) and macro.name not in own)
        or (macro.name.endswith("get_where_subquery") and macro.package_name != "dbt")
        for macro in manifest.macros.values()
    )
