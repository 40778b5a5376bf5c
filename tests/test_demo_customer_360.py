"""customer-360 run by floe: every figure of its mart, told anew from the CSVs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.demo import Demo, FinishedRun, write_csv
from tests.oracles.customer_360 import Row, latest_transactions, mart, read_csv

pytestmark = pytest.mark.xdist_group("demo")


@pytest.mark.requirement("FR-020", "FR-080", "FR-084", "TQR-002", "TQR-014")
def test_every_row_of_the_mart_is_what_the_csvs_say(customer_360_run: FinishedRun) -> None:
    rows = customer_360_run.rows("mart_customer_360")

    expected = mart(customer_360_run.demo.product("customer-360") / "seeds")
    assert len(rows) == 480
    assert {row["customer_id"]: row for row in rows} == expected


@pytest.mark.requirement("FR-080")
def test_every_segment_and_every_doubtful_figure_occurs_so_that_the_proof_means_something(
    customer_360_run: FinishedRun,
) -> None:
    expected = mart(customer_360_run.demo.product("customer-360") / "seeds").values()

    assert {row["customer_segment"] for row in expected} == {
        "prospect", "lapsed", "at risk", "champion", "new", "loyal", "occasional",
    }  # fmt: skip
    assert sum(1 for row in expected if row["email"] is None) >= 5
    assert sum(row["returned_orders"] for row in expected) >= 10
    assert sum(row["refunded_orders"] for row in expected) >= 10
    assert sum(row["open_tickets"] for row in expected) >= 10


@pytest.mark.requirement("FR-021", "FR-083")
def test_bronze_keeps_the_latest_version_of_each_transaction_and_says_when_it_came(
    customer_360_run: FinishedRun,
) -> None:
    raw = read_csv(customer_360_run.demo.product("customer-360") / "seeds" / "raw_transactions.csv")
    rows = {row["transaction_id"]: row for row in customer_360_run.rows("stg_transactions")}

    assert {key: str(row["updated_at"]) for key, row in rows.items()} == {
        key: row["updated_at"] for key, row in latest_transactions(raw).items()
    }
    [loaded_at] = {row["_loaded_at"] for row in rows.values()}
    assert timedelta() < datetime.now(UTC).replace(tzinfo=None) - loaded_at < timedelta(hours=1)


@pytest.mark.requirement("FR-025")
def test_a_second_delivery_that_overlaps_the_first_doubles_nothing(demo: Demo) -> None:
    seeds = demo.product("customer-360") / "seeds"
    first = read_csv(seeds / "raw_transactions.csv")
    demo.run("customer-360")
    before = transactions(demo)
    second = second_delivery(first)
    write_csv(seeds / "raw_transactions.csv", [row for rows in second.values() for row in rows])

    demo.run("customer-360")

    after = transactions(demo)
    new, changed = ({row["transaction_id"] for row in second[kind]} for kind in ("new", "changed"))
    assert after.keys() == before.keys() | new
    assert {key for key in before if after[key] != before[key]} == changed
    assert {after[key]["status"] for key in changed} == {"refunded"}
    first_load, second_load = sorted({row["_loaded_at"] for row in after.values()})
    assert {row["_loaded_at"] for row in before.values()} == {first_load}
    assert {key for key in after if after[key]["_loaded_at"] == second_load} == new
    mart_rows = demo.rows("customer-360", "mart_customer_360")
    assert {row["customer_id"]: row for row in mart_rows} == mart(seeds, earlier_transactions=first)


def transactions(demo: Demo) -> dict[str, dict[str, Any]]:
    """What bronze knows, by key, which no two rows have in common."""
    rows = demo.rows("customer-360", "stg_transactions")
    by_key = {row["transaction_id"]: row for row in rows}
    assert len(by_key) == len(rows)
    return by_key


def second_delivery(first: list[Row]) -> dict[str, list[Row]]:
    """What the systems send the next time, by kind; one of the new ones is a year late."""
    latest = list(latest_transactions(first).values())
    sold = [row for row in latest if row["status"] == "completed" and row["quantity"] == "1"]
    days = ["2024-07-05", "2025-07-01", "2025-07-02", "2025-07-03", "2025-07-04"]
    return {
        "repeated": latest[100:160],
        "stale": [{**row, "status": "cancelled", "updated_at": "2024-01-01 00:00:00"} for row in sold[:5]],
        "changed": [{**row, "status": "refunded", "updated_at": "2025-07-05 08:00:00"} for row in sold[-7:]],
        "new": [
            {
                **row,
                "transaction_id": f"T9{n:06}",
                "ordered_at": f"{day} 10:00:00",
                "updated_at": "2025-07-05 08:00:00",
            }
            for n, (row, day) in enumerate(zip(sold[20:25], days, strict=True))
        ],
    }
