"""Retention in the demo: what came over an hour ago goes, and comes anew while it is still delivered."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from floe_core.lake import RunIdentity
from floe_iceberg import IcebergTableManager, TableId
from testing.stock_dbt import ask
from tests.demo import Demo, write_csv
from tests.oracles.customer_360 import mart, read_csv
from tests.test_demo_plain_dbt import invoke

pytestmark = pytest.mark.xdist_group("demo")

PRODUCT = "customer-360"
TIMES = {"old": timedelta(minutes=61), "young": timedelta(minutes=59)}


class Deliveries:
    """What the shop's systems send twice; of the first, some is missing the second time."""

    def __init__(self, seeds: Path) -> None:
        self.seeds = seeds
        self.first = read_csv(seeds / "raw_transactions.csv")
        self.keys = {row["transaction_id"] for row in self.first}
        self.old = set(sorted(self.keys)[::2])
        self.missing = set(sorted(self.keys)[::3])

    def send_again(self) -> None:
        """Half of the tickets say themselves when they came: an hour ago, a minute more or less."""
        kept = [row for row in self.first if row["transaction_id"] not in self.missing]
        write_csv(self.seeds / "raw_transactions.csv", kept)
        now = datetime.now(UTC).replace(tzinfo=None)
        tickets = read_csv(self.seeds / "raw_support_tickets.csv")
        for number, row in enumerate(tickets):
            age = {0: TIMES["old"], 1: TIMES["young"]}.get(number % 4)
            row["_loaded_at"] = str(now - age) if age else ""
        write_csv(self.seeds / "raw_support_tickets.csv", tickets)

    @property
    def expected(self) -> dict[str, set[str]]:
        return {
            "gone": self.old & self.missing,
            "as it was": self.keys - self.old,
            "anew": self.old - self.missing,
        }


def came(rows: list[dict[str, Any]]) -> dict[str, datetime]:
    """When each transaction came."""
    return {row["transaction_id"]: row["_loaded_at"] for row in rows}


def compare(before: dict[str, datetime], after: dict[str, datetime]) -> dict[str, set[str]]:
    return {
        "gone": before.keys() - after.keys(),
        "as it was": {key for key in before if after.get(key) == before[key]},
        "anew": {key for key in after if after[key] > max(before.values())},
    }


def set_back(old: set[str]) -> str:
    """The transactions as if time had passed: over an hour for the old ones, nearly one for the others."""
    keys = ", ".join(f"'{key}'" for key in sorted(old))
    return (
        "select * replace (_loaded_at - case when transaction_id in"
        f" ({keys}) then interval 61 minutes else interval 59 minutes end as _loaded_at) from"
    )


@pytest.mark.requirement("FR-031", "FR-083", "TQR-002")
def test_with_the_clock_an_hour_on_exactly_the_old_rows_go(demo: Demo) -> None:
    deliveries = Deliveries(demo.product(PRODUCT) / "seeds")
    demo.run(PRODUCT)
    assert came(demo.rows(PRODUCT, "stg_transactions")).keys() == deliveries.keys
    lake = IcebergTableManager.open("floe", {"uri": f"sqlite:///{demo.folder}/.floe/catalog.db"})
    table = TableId(PRODUCT, "stg_transactions")
    later = RunIdentity("00000000-0000-4000-8000-000000000001", 1, PRODUCT, "dev", "d1ce57", "7ace")
    with duckdb.connect() as con, lake.run(later) as run:
        sql = f"{set_back(deliveries.old)} ({lake.scan_sql(table, run=run)})"
        run.write(con, table, sql, model="model.customer_360.stg_transactions", mode="overwrite")
        run.publish()
    lake.close()
    before = came(demo.rows(PRODUCT, "stg_transactions"))
    deliveries.send_again()

    document = demo.run(PRODUCT)

    after = came(demo.rows(PRODUCT, "stg_transactions"))
    assert compare(before, after) == deliveries.expected
    rows = {model["name"]: model["rows"] for model in document["models"]}
    assert rows["stg_transactions"] == len(after)
    tickets = read_csv(deliveries.seeds / "raw_support_tickets.csv")
    told = [row["_loaded_at"] for row in demo.rows(PRODUCT, "stg_support_tickets")]
    assert Counter(moment == max(told) for moment in told) == {
        True: sum(not row["_loaded_at"] for row in tickets),
        False: sum(number % 4 == 1 for number in range(len(tickets))),
    }
    kept = [row for row in deliveries.first if row["transaction_id"] in after]
    write_csv(deliveries.seeds / "raw_transactions.csv", kept)
    write_csv(deliveries.seeds / "raw_support_tickets.csv", [r for n, r in enumerate(tickets) if n % 4])
    marts = {row["customer_id"]: row for row in demo.rows(PRODUCT, "mart_customer_360")}
    assert marts == mart(deliveries.seeds)


@pytest.mark.requirement("FR-031", "WU-5")
def test_plain_dbt_forgets_the_same_rows(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    deliveries = Deliveries(demo.product(PRODUCT) / "seeds")
    monkeypatch.chdir(demo.product(PRODUCT))

    file = demo.product(PRODUCT) / "target" / "warehouse.duckdb"
    table = "customer_360.stg_transactions"
    told = f"select transaction_id, _loaded_at from {table}"
    assert {node.status for node in invoke("build")} == {"success", "pass"}
    ask(file, f"create or replace table {table} as {set_back(deliveries.old)} {table}")
    before = dict(ask(file, told))
    deliveries.send_again()

    assert {node.status for node in invoke("build")} == {"success", "pass"}

    assert compare(before, dict(ask(file, told))) == deliveries.expected
