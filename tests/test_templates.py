"""What ``floe init`` starts with runs as it is, and its README does not lie."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.demo import floe

pytestmark = pytest.mark.xdist_group("demo")


def readme_query(product: Path) -> str:
    [query] = re.findall(r'^floe query "(.+?)"$', (product / "README.md").read_text("utf-8"), re.MULTILINE)
    return str(query)


@pytest.mark.requirement("FR-020", "FR-023", "FR-024")
def test_the_shop_runs_as_it_is_and_answers_the_query_of_its_readme(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    product = tmp_path / "Corner Shop"
    floe("init", str(product))
    monkeypatch.chdir(product)

    run = floe("run")
    answer = floe("query", readme_query(product))

    assert run["product"] == "corner-shop"
    assert {model["name"]: model["rows"] for model in run["models"]} == {
        "raw_customers": 8,
        "raw_orders": 15,
        "stg_customers": 8,
        "stg_orders": 15,
        "customers": 8,
        "monthly_revenue": 3,
    }
    assert {test["state"] for test in run["tests"]} == {"passed"}
    names = [column["name"] for column in answer["columns"]]
    best = [dict(zip(names, row, strict=True)) for row in answer["rows"]]
    assert [(customer["name"], customer["orders"], customer["revenue"]) for customer in best] == [
        ("Urs Bühler", 2, "608.00"),
        ("Zoë Köhler", 3, "172.90"),
        ("Priya Patel", 1, "149.00"),
        ("Marcus King, Jr.", 1, "129.00"),
        ("Łukasz Nowak", 1, "119.90"),
    ]


@pytest.mark.requirement("FR-020")
def test_the_empty_template_greets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    product = tmp_path / "hi"
    floe("init", str(product), "--template", "empty")
    monkeypatch.chdir(product)

    floe("run")

    assert floe("query", readme_query(product))["rows"] == [["hello", "world"]]
