"""``floe query`` on what was, and on what was never published."""

from __future__ import annotations

from pathlib import Path

import pytest

from testing.command_line import Floe

TOTAL = "models/marts/mart_total.sql"


@pytest.mark.requirement("FR-092", "FR-027")
@pytest.mark.xdist_group("cli")
def test_query_reads_old_snapshots_and_failed_runs(shop: Path, floe: Floe) -> None:
    assert floe("run").status == 0
    first = floe("status", "--output", "json").document["products"][0]["tables"]
    then = next(table for table in first if table["name"] == "mart_total")
    (shop / TOTAL).write_text("select sum(amount) as total, 'CHF' as currency from {{ ref('stg_sales') }}\n")
    second = floe("run", "--output", "json").document
    (shop / TOTAL).write_text(
        "select sum(amount) as total, ('x' || max(id))::int as n from {{ ref('stg_sales') }}\n"
    )
    (shop / "models/staging/stg_sales.sql").write_text(
        "select 9 as id, 'x' as item, 1.5::decimal(9, 2) as amount\n"
    )
    (shop / "models/staging/peek.sql").write_text(
        "{{ config(materialized='view', meta={'floe': {'views': 'inline'}}) }}\n"
        "select id, 'peeked' as how from {{ ref('stg_sales') }}\n"
    )
    failed = floe("run", "--output", "json")
    assert failed.status == 1

    def rows(*options: str) -> list[list[object]]:
        result = floe("query", "from mart_total", "--output", "json", *options)
        assert result.status == 0, result.stdout
        found: list[list[object]] = result.document["rows"]
        return found

    assert rows() == [["14.70", "CHF"]]
    assert rows("--as-of", then["snapshot_id"]) == [["14.70"]]
    assert rows("--as-of", then["committed_at"]) == [["14.70"]]
    assert rows("--as-of", second["models"][-1]["snapshot_id"]) == [["14.70", "CHF"]]
    assert rows("--as-of", "2999-12-31T23:59+01:00") == [["14.70", "CHF"]]
    run_id = failed.document["run_id"]
    left = floe("query", "from stg_sales", "--run", run_id[:8], "--output", "json")
    assert left.document["rows"] == [[9, "x", "1.50"]]
    inlined = floe("query", "from peek", "--run", run_id, "--output", "json")
    assert inlined.document["rows"] == [[9, "peeked"]]

    early = floe("query", "from mart_total", "--as-of", "2001-01-01")
    assert early.status == 2
    assert (
        "FLOE-E440 table 'corner-shop.mart_total' cannot be read as of '2001-01-01T00:00:00.000Z'"
        in early.stderr
    )
    published = floe("query", "from mart_total", "--run", second["run_id"])
    assert published.status == 2
    assert "has left nothing unpublished" in published.stderr


@pytest.mark.requirement("FR-092")
@pytest.mark.xdist_group("cli")
@pytest.mark.parametrize(
    ("options", "told"),
    [
        (
            ("--as-of", "yesterday"),
            "FLOE-E440 table 'corner-shop.mart_total' has no tag or branch 'yesterday'\n"
            "  hint: a time such as 2026-01-31T12:00, a snapshot's id, or one of: main\n",
        ),
        (("--as-of", "0001-01-01T00:00+14:00"), "has no tag or branch '0001-01-01T00:00+14:00'"),
        (("--as-of", ""), "has no tag or branch ''"),
        (("--as-of", "1", "--run", "x"), "--run and --as-of say different things"),
        (("--run", "nope"), "no run 'nope'"),
    ],
)
def test_query_refuses_moments_it_does_not_understand(
    in_ran: Path, floe: Floe, options: tuple[str, ...], told: str
) -> None:
    refused = floe("query", "from mart_total", *options)
    assert refused.status == 2
    assert told in refused.stderr
