"""financial-risk run by floe: every figure of its silver and gold tables, told anew from the CSVs."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest

from tests.demo import DEMO, Demo, FinishedRun, write_csv
from tests.oracles.exact import covariance, root
from tests.oracles.financial_book import Book, Row, latest_closes, read_csv
from tests.oracles.financial_exposure import counterparty_exposure
from tests.oracles.financial_risk import mart, portfolio_risk

pytestmark = pytest.mark.xdist_group("demo")

COMMITTED = DEMO / "financial-risk" / "seeds"


@pytest.fixture(scope="module")
def book() -> Book:
    return Book.read(COMMITTED)


@pytest.mark.requirement("FR-020", "FR-082", "FR-084", "TQR-002", "TQR-014")
def test_every_row_of_the_mart_is_what_the_csvs_say(financial_risk_run: FinishedRun, book: Book) -> None:
    rows = financial_risk_run.rows("mart_risk_dashboard")

    assert len(rows) == 12
    assert {row["portfolio_id"]: row for row in rows} == mart(book)


@pytest.mark.requirement("FR-082", "FR-084", "TQR-002", "TQR-014")
def test_every_holding_is_valued_and_measured_as_the_stated_rules_say(
    financial_risk_run: FinishedRun, book: Book
) -> None:
    rows = financial_risk_run.rows("int_portfolio_risk")

    measured = {(row["portfolio_id"], row["instrument_id"]): row for row in rows}
    assert len(rows) == len(measured)
    assert measured == portfolio_risk(book)


@pytest.mark.requirement("FR-082", "FR-084", "TQR-002", "TQR-014")
def test_every_exposure_is_what_the_stated_rules_say(financial_risk_run: FinishedRun, book: Book) -> None:
    rows = financial_risk_run.rows("int_counterparty_exposure")

    exposed = {(row["portfolio_id"], row["counterparty_id"]): row for row in rows}
    assert len(rows) == len(exposed)
    assert exposed == counterparty_exposure(book)


@pytest.mark.requirement("FR-082")
def test_every_status_and_every_doubtful_case_occurs_so_that_the_proof_means_something(book: Book) -> None:
    dashboards = mart(book).values()
    holdings = portfolio_risk(book).values()
    exposures = counterparty_exposure(book).values()

    assert {row["risk_status"] for row in dashboards} == {"red", "amber", "green"}
    assert {row["asset_class"] for row in holdings} == {"equity", "bond", "unlisted"}
    assert {row["is_stale"] for row in holdings} == {True, False}
    assert len({row["return_count"] for row in holdings}) >= 3  # all days, listed late, never listed
    assert min(row["component_var_99_eur"] for row in holdings) < 0  # a hedge
    assert any(row["market_value_eur"] < 0 for row in holdings)
    assert {row["has_netting_agreement"] for row in exposures} == {True, False}
    assert {(row["is_large_exposure"], row["exceeds_limit"]) for row in exposures} == {
        (False, False), (True, False), (True, True),
    }  # fmt: skip
    assert {row["rating"] for row in exposures} >= {"AA", "A", "BBB", "BB", "unrated"}
    assert sum(1 for row in exposures if row["lei"] and not row["has_valid_lei"]) >= 1
    assert sum(1 for row in exposures if row["group_id"] != row["counterparty_id"]) >= 10


@pytest.mark.requirement("FR-082")
def test_the_parts_of_a_risk_add_up_to_the_whole(financial_risk_run: FinishedRun, book: Book) -> None:
    rows = financial_risk_run.rows("mart_risk_dashboard")

    for row in rows:
        held = [p for p in book.positions if p.portfolio == row["portfolio_id"]]
        days = zip(*(book.gains(position.instrument, position.value) for position in held), strict=True)
        gains = [sum(day) for day in days]
        whole = 2.326 * float(root(covariance(gains, gains)))
        assert abs(float(row["var_99_eur"]) - whole) < 0.05 * len(held)
        assert abs(float(row["historical_var_99_eur"]) - max(-min(gains), 0)) < 0.05 * len(held)


@pytest.mark.requirement("FR-021", "FR-083")
def test_bronze_keeps_the_last_publication_of_each_close_and_says_when_it_came(
    financial_risk_run: FinishedRun,
) -> None:
    rows = {key_of(row): row for row in financial_risk_run.rows("stg_market_data")}

    assert {key: str(row["published_at"]) for key, row in rows.items()} == {
        key: row["published_at"]
        for key, row in latest_closes(read_csv(COMMITTED / "raw_market_data.csv")).items()
    }
    [loaded_at] = {row["_loaded_at"] for row in rows.values()}
    assert timedelta() < datetime.now(UTC).replace(tzinfo=None) - loaded_at < timedelta(hours=1)


@pytest.mark.slow
@pytest.mark.requirement("FR-025", "FR-082")
def test_a_second_delivery_that_overlaps_the_first_doubles_nothing(demo: Demo) -> None:
    seeds = demo.product("financial-risk") / "seeds"
    first = read_csv(seeds / "raw_market_data.csv")
    demo.run("financial-risk")
    before = {key_of(row): row for row in demo.rows("financial-risk", "stg_market_data")}
    repeated, stale, corrected, new = second_delivery(first)
    write_csv(seeds / "raw_market_data.csv", [*repeated, *stale, *corrected, *new])

    demo.run("financial-risk")

    merged = demo.rows("financial-risk", "stg_market_data")
    after = {key_of(row): row for row in merged}
    changed = {key_of(row) for row in corrected}
    assert len(merged) == len(after) == len(before) + len(new)
    assert {key for key in before if after[key] != before[key]} == changed
    assert all(after[key]["_loaded_at"] == before[key]["_loaded_at"] for key in changed)
    [first_load] = {row["_loaded_at"] for row in before.values()}
    assert all(after[key_of(row)]["_loaded_at"] > first_load for row in new)
    rows = demo.rows("financial-risk", "mart_risk_dashboard")
    assert {row["portfolio_id"]: row for row in rows} == mart(Book.read(seeds, earlier_market_data=first))


def key_of(row: Row) -> tuple[str, str]:
    return row["instrument_id"], str(row["trade_date"])


def second_delivery(first: list[Row]) -> tuple[list[Row], list[Row], list[Row], list[Row]]:
    """What the vendor sends the next time: old closes again, older and newer versions, and the next day's."""
    latest = list(latest_closes(first).values())
    stale = [{**row, "close": "1.00", "published_at": "2025-01-02 18:00:00"} for row in latest[200:205]]
    corrected = [{**row, "close": "1,234.50", "published_at": "2025-06-30 07:00:00"} for row in latest[-9:-2]]
    new = [{**row, "trade_date": "2025-06-30", "published_at": "2025-06-30 19:00:00"} for row in latest[:15]]
    return latest[100:160], stale, corrected, new


@pytest.mark.requirement("FR-083")
def test_the_exports_have_the_faults_of_their_systems() -> None:
    positions = read_csv(COMMITTED / "raw_positions.csv")
    closes = read_csv(COMMITTED / "raw_market_data.csv")
    counterparties = read_csv(COMMITTED / "raw_counterparties.csv")

    assert (len({row["position_id"] for row in positions}), different(positions)) == (470, 490)
    assert (len(latest_closes(closes)), different(closes)) == (970, 990)
    assert (len({row["counterparty_id"] for row in counterparties}), different(counterparties)) == (90, 100)
    assert {"", " N/A "} < {row["counterparty_id"] for row in positions}
    assert {"LONG", "long", "L", "Buy", "SHORT", "S", "SELL"} < {row["side"] for row in positions}
    assert any(row["quantity"].startswith("-") for row in positions)
    assert any("," in row["quantity"] for row in positions)
    assert {"", " N/A ", "0.00"} < {row["close"] for row in closes}
    assert {"GBX", "GBP", "eur"} < {row["currency"] for row in closes}
    assert {"Aa2", "A+", "", "NR"} < {row["rating"] for row in counterparties}
    assert any(row["lei"] != row["lei"].strip().upper() for row in counterparties)
    assert {row["_loaded_at"] for row in [*positions, *closes, *counterparties]} == {""}


def different(rows: list[Row]) -> int:
    return len({tuple(row.values()) for row in rows})


@pytest.mark.requirement("FR-082", "FR-083")
def test_shares_move_together_those_of_a_sector_more_and_few_counterparties_hold_much(book: Book) -> None:
    listed = {
        name: list(book.returns[name].values())
        for name, quote in book.quotes.items()
        if quote.asset_class == "equity" and len(book.returns[name]) == len(book.calendar) - 1
    }
    same: list[float] = []
    other: list[float] = []
    for left, right in combinations(listed, 2):
        spread = root(covariance(listed[left], listed[left]) * covariance(listed[right], listed[right]))
        is_same = book.quotes[left].sector == book.quotes[right].sector
        (same if is_same else other).append(float(covariance(listed[left], listed[right]) / spread))
    held = Counter(position.counterparty for position in book.positions if position.counterparty)

    assert sum(other) / len(other) > 0.2
    assert sum(same) / len(same) > sum(other) / len(other) + 0.05
    assert sum(count for _, count in held.most_common(5)) > held.total() / 2
