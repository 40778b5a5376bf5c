"""What a test found, as OpenLineage's assertion about a table."""

from __future__ import annotations

from floe_core.events import TestFinished
from floe_core.lineage.facets import Json
from floe_core.schemas.artifacts import Seed, Transform

_KINDS = ("not_null", "unique", "accepted_values", "relationships")


def assertion(test: TestFinished, about: Seed | Transform | None) -> Json:
    """The test; its kind and its column are read from the name that dbt makes of them."""
    kind = next((each for each in _KINDS if test.name.startswith(f"{each}_")), "custom_sql")
    said: Json = {
        "assertion": kind,
        "success": test.state == "passed",
        "name": test.name,
        "severity": "error" if test.blocking else "warn",
    }
    if about and (column := _column(kind, test.name, about)):
        said["column"] = column
    if test.state == "errored":
        return said | {"actual": test.finding}
    return said | {"expected": "0", "actual": str(test.failures)}


def _column(kind: str, test: str, about: Seed | Transform) -> str | None:
    said = test.removeprefix(f"{kind}_{about.name}_")
    return said if said in {column.name for column in about.columns} else None
