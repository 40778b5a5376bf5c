"""``mart_customer_360`` told from its documented rules, one customer at a time: no SQL, no engine."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

EUR = {
    "EUR": Decimal("1"),
    "GBP": Decimal("1.1685"),
    "CHF": Decimal("1.0642"),
    "USD": Decimal("0.9213"),
    "PLN": Decimal("0.2338"),
}
Row = dict[str, str]


@dataclass
class Purse:
    """Everything known of one customer, gathered from the three exports."""

    version: Row
    sales: list[tuple[Row, Decimal]] = field(default_factory=list)
    returns: list[Decimal] = field(default_factory=list)
    tickets: list[Row] = field(default_factory=list)


def read_csv(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def mart(seeds: Path, earlier_transactions: Iterable[Row] = ()) -> dict[str, dict[str, Any]]:
    """The mart's rows by customer; ``earlier_transactions`` were delivered by runs before this one."""
    exported = read_csv(seeds / "raw_customers.csv")
    transactions = latest_transactions([*earlier_transactions, *read_csv(seeds / "raw_transactions.csv")])
    purses: dict[str, Purse] = {}
    for version in sorted(exported, key=lambda row: row["updated_at"]):
        purses[version["customer_id"]] = Purse(version)
    _put_in_transactions(purses, transactions.values())
    _put_in_tickets(purses, exported, read_csv(seeds / "raw_support_tickets.csv"))
    today = max(_day(sale["ordered_at"]) for purse in purses.values() for sale, _ in purse.sales)
    return {customer: dict(_figures(purse, today)) for customer, purse in purses.items()}


def latest_transactions(rows: Iterable[Row]) -> dict[str, Row]:
    """Of every transaction the version with the latest ``updated_at``; of equal ones the first."""
    latest: dict[str, Row] = {}
    for row in rows:
        known = latest.setdefault(row["transaction_id"], row)
        if row["updated_at"] > known["updated_at"]:
            latest[row["transaction_id"]] = row
    return latest


def _put_in_transactions(purses: dict[str, Purse], transactions: Iterable[Row]) -> None:
    for row in transactions:
        customer, quantity = _value(row["customer_id"]), int(_value(row["quantity"]) or 0)
        if not customer or _word(row["status"]) not in ("completed", "refunded"):
            continue
        price = Decimal(row["unit_price"].replace(",", ""))
        euros = _cents(quantity * price * EUR[row["currency"].strip().upper()])
        if quantity > 0:
            purses[customer].sales.append((row, euros))
        elif quantity < 0:
            purses[customer].returns.append(euros)


def _put_in_tickets(purses: dict[str, Purse], exported: list[Row], tickets: list[Row]) -> None:
    owners = {_word(row["email"]): row["customer_id"] for row in exported if _value(row["email"])}
    for ticket in tickets:
        customer = _value(ticket["customer_id"]) or owners.get(_word(ticket["requester_email"]))
        if customer:
            purses[customer].tickets.append(ticket)


def _figures(purse: Purse, today: date) -> Iterator[tuple[str, Any]]:
    identity = dict(_identity(purse.version))
    buying = dict(_buying(purse, today))
    support = dict(_support(purse.tickets))
    yield from identity.items()
    yield from buying.items()
    yield from support.items()
    member_for = (today - identity["signup_date"]).days
    yield "customer_segment", _segment(buying, support, member_for)


def _identity(version: Row) -> Iterator[tuple[str, Any]]:
    country = version["country"].strip().upper()
    yield "customer_id", version["customer_id"]
    yield "full_name", " ".join(version["full_name"].split())
    yield "email", _word(version["email"]) or None
    yield "country_code", {"UK": "GB"}.get(country, country)
    yield "account_type", _word(version["segment"])
    yield "signup_date", _day(version["signup_date"])
    yield "accepts_marketing", version["marketing_consent"].lower() in {"yes", "y", "true"}


def _buying(purse: Purse, today: date) -> Iterator[tuple[str, Any]]:
    moments = sorted(datetime.fromisoformat(sale["ordered_at"]) for sale, _ in purse.sales)
    refunds = [euros for sale, euros in purse.sales if _word(sale["status"]) == "refunded"]
    gross = sum((euros for _, euros in purse.sales), Decimal("0.00"))
    yield "total_orders", len(purse.sales)
    yield "refunded_orders", len(refunds)
    yield "returned_orders", len(purse.returns)
    yield "gross_revenue_eur", gross
    yield "net_revenue_eur", gross - sum(refunds) + sum(purse.returns)
    yield "average_order_value_eur", _average(gross, len(purse.sales))
    yield "favourite_category", _favourite(purse.sales)
    yield "first_order_at", moments[0] if moments else None
    yield "last_order_at", moments[-1] if moments else None
    yield "days_since_last_order", (today - moments[-1].date()).days if moments else None


def _favourite(sales: list[tuple[Row, Decimal]]) -> str | None:
    spent: dict[str, list[Decimal]] = defaultdict(list)
    for sale, euros in sales:
        spent[sale["category"]].append(euros)
    ranking = sorted(spent, key=lambda category: (-len(spent[category]), -sum(spent[category]), category))
    return ranking[0] if ranking else None


def _support(tickets: list[Row]) -> Iterator[tuple[str, Any]]:
    opened = [datetime.fromisoformat(ticket["opened_at"]) for ticket in tickets]
    durations = [
        datetime.fromisoformat(ticket["resolved_at"]) - start
        for ticket, start in zip(tickets, opened, strict=True)
        if _value(ticket["resolved_at"]) and datetime.fromisoformat(ticket["resolved_at"]) >= start
    ]
    answers = [int(_value(ticket["satisfaction"]) or 0) for ticket in tickets]
    valid = [answer for answer in answers if answer in {1, 2, 3, 4, 5}]
    seconds = sum(duration.days * 86400 + duration.seconds for duration in durations)
    yield "total_tickets", len(tickets)
    yield "open_tickets", sum(1 for ticket in tickets if not _value(ticket["resolved_at"]))
    yield "urgent_tickets", sum(1 for ticket in tickets if _word(ticket["priority"]) == "urgent")
    yield "average_resolution_hours", _average(Decimal(seconds), 3600 * len(durations))
    yield "average_satisfaction", _average(Decimal(sum(valid)), len(valid))
    yield "last_ticket_at", max(opened, default=None)


def _segment(buying: dict[str, Any], support: dict[str, Any], member_for: int) -> str:
    orders, satisfaction = buying["total_orders"], support["average_satisfaction"]
    unhappy = satisfaction is not None and satisfaction < 3
    rules = {
        "prospect": orders == 0,
        "lapsed": (buying["days_since_last_order"] or 0) > 180,
        "at risk": support["total_tickets"] >= 2 and unhappy,
        "champion": orders >= 4 and buying["net_revenue_eur"] >= 2000,
        "new": member_for <= 90,
        "loyal": orders >= 3,
        "occasional": True,
    }
    return next(name for name, holds in rules.items() if holds)


def _value(text: str) -> str | None:
    """The text without blanks around it; None for what the exports write when they mean nothing."""
    return None if text.strip() in ("", "N/A") else text.strip()


def _word(text: str) -> str:
    return (_value(text) or "").lower()


def _day(text: str) -> date:
    return date.fromisoformat(text[:10])


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def _average(total: Decimal, count: int) -> Decimal | None:
    return _cents(total / count) if count else None
