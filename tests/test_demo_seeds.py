"""The demo's seeds: made anew they are the same, and they hold the faults that silver cleans."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.oracles.customer_360 import read_csv

DEMO = Path(__file__).parents[1] / "demo"
CUSTOMER_360 = ["raw_customers", "raw_support_tickets", "raw_transactions"]


def generate(out: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(DEMO / "scripts" / "generate_seeds.py"), "--out", str(out), *arguments]
    return subprocess.run(
        command, env={**os.environ, **environment}, cwd=out, capture_output=True, text=True, check=False
    )


@pytest.mark.requirement("FR-083")
def test_the_committed_seeds_are_what_the_generator_writes_anywhere(tmp_path: Path) -> None:
    done = generate(tmp_path, PYTHONHASHSEED="7", TZ="Asia/Kathmandu", LC_ALL="C", PYTHONUTF8="0")

    assert done.stderr == ""
    written = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*.csv")}
    committed = {path.relative_to(DEMO): path.read_bytes() for path in DEMO.glob("*/seeds/*.csv")}
    assert {Path("customer-360", "seeds", f"{name}.csv") for name in CUSTOMER_360} <= committed.keys()
    assert written == committed


@pytest.mark.requirement("FR-083")
@pytest.mark.parametrize("product", ["customer-360", "iot-telemetry", "financial-risk"])
def test_one_product_made_anew_elsewhere_has_the_same_bytes(tmp_path: Path, product: str) -> None:
    generate(tmp_path, "--product", product, PYTHONHASHSEED="8", TZ="America/St_Johns", LC_ALL="C")

    written = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*.csv")}
    assert written == {
        path.relative_to(DEMO): path.read_bytes() for path in DEMO.glob(f"{product}/seeds/*.csv")
    }


@pytest.mark.requirement("FR-083")
@pytest.mark.parametrize(("scale", "factor"), [("small", 1), ("medium", 10)])
def test_a_scale_says_how_many_rows_a_table_has(tmp_path: Path, scale: str, factor: int) -> None:
    generate(tmp_path, FLOE_DEMO_SEED_SCALE=scale)

    rows = {path.stem: len(read_csv(path)) for path in tmp_path.rglob("*.csv")}
    assert rows == {
        "raw_customers": 500 * factor,
        "raw_transactions": 1000 * factor,
        "raw_support_tickets": 300 * factor,
        "raw_sensors": 200 * factor,
        "raw_readings": 1000 * factor,
        "raw_maintenance_log": 100 * factor,
        "raw_positions": 500 * factor,
        "raw_market_data": 1000 * factor,
        "raw_counterparties": 100 * factor,
    }


@pytest.mark.requirement("FR-083")
def test_an_unknown_scale_is_told_with_those_there_are(tmp_path: Path) -> None:
    done = generate(tmp_path, FLOE_DEMO_SEED_SCALE="huge")

    assert done.returncode == 2
    assert "FLOE_DEMO_SEED_SCALE is 'huge': it can be small, medium, large" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.requirement("FR-083")
@pytest.mark.parametrize("seed", CUSTOMER_360)
def test_when_a_row_was_loaded_is_left_to_staging(seed: str) -> None:
    rows = read_csv(DEMO / "customer-360" / "seeds" / f"{seed}.csv")

    assert {row["_loaded_at"] for row in rows} == {""}


@pytest.mark.requirement("FR-083")
def test_the_exports_have_the_faults_of_their_systems() -> None:
    seeds = DEMO / "customer-360" / "seeds"
    customers = read_csv(seeds / "raw_customers.csv")
    transactions = read_csv(seeds / "raw_transactions.csv")
    tickets = read_csv(seeds / "raw_support_tickets.csv")
    versions = Counter(row["transaction_id"] for row in transactions)
    different = {tuple(row.values()) for row in transactions}

    assert len({row["customer_id"] for row in customers}) == 480  # 20 came again, changed
    assert (len(versions), len(transactions) - len(different)) == (960, 10)
    late = [row for row in transactions if row["updated_at"][:10] > row["ordered_at"][:10]]
    assert 60 <= len(late) <= 140
    assert {"canceled", "cancelled"} < {row["status"] for row in transactions}
    assert {" N/A ", "", "-1"} < {row["quantity"] for row in transactions}
    assert any("," in row["unit_price"] for row in transactions)
    assert any(row["email"] != row["email"].strip().lower() for row in customers)
    assert {"UK", "GB"} < {row["country"] for row in customers}
    assert any("O'Brien" in row["full_name"] for row in customers)
    assert any(", " in row["full_name"] for row in customers)
    assert any("Zoë" in row["full_name"] for row in customers)
    assert 60 <= sum(1 for row in tickets if not row["customer_id"]) <= 120


@pytest.mark.requirement("FR-083")
def test_what_a_customer_is_shows_in_what_it_buys_and_asks() -> None:
    seeds = DEMO / "customer-360" / "seeds"
    kinds = {
        row["customer_id"]: row["segment"].strip().lower() for row in read_csv(seeds / "raw_customers.csv")
    }
    people = Counter(kinds.values())

    def per_head(rows: list[dict[str, str]]) -> list[float]:
        count = Counter(kinds.get(row["customer_id"].strip()) for row in rows)
        return [count[kind] / people[kind] for kind in ("consumer", "small business", "enterprise")]

    bought = per_head(read_csv(seeds / "raw_transactions.csv"))
    asked = per_head(read_csv(seeds / "raw_support_tickets.csv"))
    assert bought == sorted(bought)
    assert bought[2] > 2 * bought[0]
    assert asked == sorted(asked)
    assert asked[2] > 2 * asked[0]
