"""A run that failed, taken up where it failed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pyiceberg.catalog.sql import SqlCatalog

from testing.command_line import Floe

pytestmark = pytest.mark.xdist_group("cli")

_BROKEN = "select cast(item as integer) as total from {{ ref('stg_sales') }}\n"
_MENDED = "select sum(amount) as total, count(*) as sales from {{ ref('stg_sales') }}\n"


def states(document: dict[str, Any]) -> dict[str, str]:
    return {model["name"]: model["state"] for model in document["models"]}


def snapshots(document: dict[str, Any]) -> dict[str, str]:
    return {model["name"]: model["snapshot_id"] for model in document["models"]}


def published(shop: Path) -> dict[str, tuple[str, list[dict[str, Any]]]]:
    """Snapshot id and rows of every table that has any, as plain PyIceberg sees them."""
    catalog = SqlCatalog("floe", uri=f"sqlite:///{shop}/.floe/catalog.db", warehouse=f"file://{shop}")
    tables = [catalog.load_table(name) for name in catalog.list_tables("corner-shop")]
    found = {
        table.name()[-1]: (str(snapshot.snapshot_id), table.scan().to_arrow().to_pylist())
        for table in tables
        if (snapshot := table.current_snapshot())
    }
    catalog.close()
    return found


@pytest.mark.requirement("FR-028")
def test_retry_runs_the_mended_model_only_and_publishes_everything_together(floe: Floe, shop: Path) -> None:
    mart = shop / "models/marts/mart_total.sql"
    mart.write_text(_BROKEN)
    failed = floe("run", "--output", "json").document
    nothing = published(shop)
    mart.write_text(_MENDED)

    retried = floe("retry", "--output", "json").document

    assert (failed["state"], failed["attempt"], nothing) == ("failed", 1, {})
    assert states(failed) == {"raw_sales": "succeeded", "stg_sales": "succeeded", "mart_total": "failed"}
    assert (retried["run_id"], retried["attempt"], retried["published"]) == (failed["run_id"], 2, True)
    assert states(retried) == {"raw_sales": "reused", "stg_sales": "reused", "mart_total": "succeeded"}
    tables = published(shop)
    assert {name: snapshot for name, (snapshot, _) in tables.items()} == snapshots(retried)
    assert snapshots(retried)["stg_sales"] == snapshots(failed)["stg_sales"]
    assert [row["sales"] for row in tables["mart_total"][1]] == [3]
    assert len(tables["stg_sales"][1]) == 3


@pytest.mark.requirement("FR-028")
def test_a_failed_test_runs_again_and_its_model_does_not(floe: Floe, shop: Path) -> None:
    schema = shop / "models/schema.yml"
    good = schema.read_text()
    schema.write_text(
        good + "  - name: mart_total\n    columns:\n      - {name: total, data_tests: [never]}\n"
    )
    (shop / "macros").mkdir()
    flag = shop / "flag.csv"
    flag.write_text("bad\n1\n")
    (shop / "macros/never.sql").write_text(
        "{% test never(model, column_name) %}select bad from read_csv('flag.csv', header=true){% endtest %}\n"
    )
    failed = floe("run", "--output", "json").document
    flag.write_text("bad\n")

    retried = floe("retry", failed["run_id"][:8], "--output", "json").document

    assert [(t["name"], t["state"]) for t in failed["tests"] if t["state"] != "passed"] == [
        ("not_null_stg_sales_amount", "warned"),
        ("never_mart_total_total", "failed"),
    ]
    assert states(retried) == {"raw_sales": "reused", "stg_sales": "reused", "mart_total": "reused"}
    assert [(t["name"], t["state"]) for t in retried["tests"]] == [("never_mart_total_total", "passed")]
    assert (retried["state"], set(published(shop))) == ("succeeded", {"raw_sales", "stg_sales", "mart_total"})


@pytest.mark.requirement("FR-028")
def test_what_reads_a_changed_model_runs_again_and_a_changed_macro_redoes_all(floe: Floe, shop: Path) -> None:
    mart = shop / "models/marts/mart_total.sql"
    mart.write_text(_BROKEN)
    failed = floe("run", "--output", "json").document
    staging = shop / "models/staging/stg_sales.sql"
    staging.write_text(staging.read_text().replace("select id", "select id + 10 as id"))

    second = floe("retry", "--output", "json").document
    (shop / "macros").mkdir()
    (shop / "macros/one.sql").write_text("{% macro one() %}1{% endmacro %}\n")
    mart.write_text(_MENDED)
    third = floe("retry", "--output", "json").document

    assert states(failed)["stg_sales"] == "succeeded"
    assert states(second) == {"raw_sales": "reused", "stg_sales": "succeeded", "mart_total": "failed"}
    assert states(third) == {"raw_sales": "succeeded", "stg_sales": "succeeded", "mart_total": "succeeded"}
    assert (third["attempt"], third["published"]) == (3, True)
    assert sorted(row["id"] for row in published(shop)["stg_sales"][1]) == [11, 12, 13]


@pytest.mark.requirement("FR-028")
def test_what_cannot_be_retried_says_so(floe: Floe, shop: Path) -> None:
    never = floe("retry")
    floe("run")
    done = floe("retry")
    unknown = floe("retry", "ffff")

    assert (never.status, done.status, unknown.status) == (2, 1, 2)
    assert "FLOE-E016 'corner-shop' has not run yet\n  hint: floe run" in never.stderr
    assert "was published: nothing is left to do\n  hint: floe run" in done.stderr
    assert "FLOE-E016 no run 'ffff' of 'corner-shop'\n  hint: floe runs" in unknown.stderr
