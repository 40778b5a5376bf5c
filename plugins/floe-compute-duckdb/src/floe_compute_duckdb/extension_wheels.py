"""DuckDB's extensions as wheels: each is good for one version of DuckDB only."""

from __future__ import annotations

from importlib.metadata import distributions, version

from floe_core.errors import Problem

_PREFIX = "duckdb-extension-"


def other_versions() -> list[Problem]:
    """The installed ones that DuckDB will refuse; imports no engine."""
    wanted = version("duckdb")
    installed = {each.name.replace("_", "-"): each.version for each in distributions()}
    return [
        Problem(
            "FLOE-E039",
            f"'{name}' {found} is for another DuckDB than the installed {wanted}",
            hint=f"pip install {name}=={wanted}",
        )
        for name, found in sorted(installed.items())
        if name.startswith(_PREFIX) and found != wanted
    ]
