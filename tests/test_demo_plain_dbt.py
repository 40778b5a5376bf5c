"""The demo without floe: plain dbt on a DuckDB file, through the checked-in profile."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from dbt.artifacts.schemas.run import RunExecutionResult
from dbt.cli.main import dbtRunner

from tests.demo import Demo
from tests.oracles import customer_360, financial_risk
from tests.oracles.financial_book import Book

pytestmark = pytest.mark.xdist_group("demo")


def invoke(*arguments: str) -> list[Any]:
    done = dbtRunner().invoke(["--quiet", "--log-level-file", "none", *arguments])
    assert done.exception is None
    return list(cast(RunExecutionResult, done.result).results)


def financial_risk_mart(seeds: Path) -> dict[str, dict[str, Any]]:
    return financial_risk.mart(Book.read(seeds))


@pytest.mark.requirement("WU-5", "FR-084", "FR-085")
@pytest.mark.parametrize(
    ("name", "mart", "key", "oracle"),
    [
        ("customer-360", "mart_customer_360", "customer_id", customer_360.mart),
        ("financial-risk", "mart_risk_dashboard", "portfolio_id", financial_risk_mart),
    ],
    ids=["customer-360", "financial-risk"],
)
def test_plain_dbt_builds_a_product_into_the_same_mart(
    name: str,
    mart: str,
    key: str,
    oracle: Callable[[Path], dict[str, dict[str, Any]]],
    demo: Demo,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    product = demo.product(name)
    monkeypatch.chdir(product)

    nodes = invoke("build")
    [shown] = invoke("show", "--inline", f"from {{{{ ref('{mart}') }}}}", "--limit", "-1")

    assert [node.node.name for node in nodes if node.status not in ("success", "pass")] == []
    rows = [dict(zip(shown.agate_table.column_names, row, strict=True)) for row in shown.agate_table.rows]
    assert {row[key]: row for row in rows} == oracle(product / "seeds")
