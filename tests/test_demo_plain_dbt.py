"""The demo without floe: plain dbt on a DuckDB file, through the checked-in profile."""

from __future__ import annotations

from typing import Any, cast

import pytest
from dbt.artifacts.schemas.run import RunExecutionResult
from dbt.cli.main import dbtRunner

from tests.demo import Demo
from tests.oracles import customer_360

pytestmark = pytest.mark.xdist_group("demo")


def invoke(*arguments: str) -> list[Any]:
    done = dbtRunner().invoke(["--quiet", "--log-level-file", "none", *arguments])
    assert done.exception is None
    return list(cast(RunExecutionResult, done.result).results)


@pytest.mark.requirement("WU-5", "FR-084", "FR-085")
def test_plain_dbt_builds_customer_360_into_the_same_mart(
    demo: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    product = demo.product("customer-360")
    monkeypatch.chdir(product)

    nodes = invoke("build")
    [shown] = invoke("show", "--inline", "from {{ ref('mart_customer_360') }}", "--limit", "-1")

    assert [node.node.name for node in nodes if node.status not in ("success", "pass")] == []
    rows = [dict(zip(shown.agate_table.column_names, row, strict=True)) for row in shown.agate_table.rows]
    assert {row["customer_id"]: row for row in rows} == customer_360.mart(product / "seeds")
