"""What was bought: more by companies, more in autumn, nothing by those who left."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from seed_data.customer_360.customers import WINDOW_END, Customer
from seed_data.dice import Dice, Weighted

CURRENCY = {"DE": "EUR", "FR": "EUR", "GB": "GBP", "PL": "PLN", "US": "USD", "CH": "CHF"}
_PRICE_LEVEL = {"EUR": 100, "GBP": 88, "PLN": 420, "USD": 108, "CHF": 104}
_HOURS = Weighted([(7, 3), (9, 12), (11, 14), (13, 12), (16, 13), (19, 24), (21, 18), (23, 4)])
_STATUS = Weighted([("completed", 88), ("refunded", 6), ("cancelled", 4), ("pending", 2)])
_CHANNELS = {
    "consumer": Weighted([("web", 50), ("app", 30), ("store", 20)]),
    "small business": Weighted([("web", 60), ("store", 25), ("partner", 15)]),
    "enterprise": Weighted([("partner", 70), ("web", 30)]),
}
_PRODUCTS = {
    "consumer": [
        ("Lamp, brass, 40 cm", "home", 3900, 8900),
        ("Kettle", "kitchen", 2490, 5990),
        ("Café set, 6 cups", "kitchen", 1990, 4490),
        ('Curtain 98" "Nordlys"', "home", 2900, 6900),
        ("Running shoes", "sports", 5990, 13990),
        ("Yoga mat", "sports", 1490, 3990),
        ("Headphones", "electronics", 3990, 24990),
    ],
    "small business": [
        ('Monitor 27"', "electronics", 17900, 42900),
        ("Desk, oak, 160 x 80", "office", 24900, 59900),
        ("Office chair", "office", 9900, 39900),
        ("Paper, A4, 2500 sheets", "office", 1990, 3490),
        ("Espresso machine", "kitchen", 29900, 89900),
    ],
    "enterprise": [
        ("Meeting table, 12 seats", "office", 89900, 249900),
        ("Server rack, 42 U", "electronics", 69900, 159900),
        ('Monitor 27"', "electronics", 17900, 42900),
        ("Office chair", "office", 9900, 39900),
    ],
}


@dataclass(frozen=True)
class Transaction:
    """One sale; a return has a negative quantity, a guest is no ``customer``."""

    id: str
    customer: Customer | None
    ordered_at: datetime
    updated_at: datetime
    channel: str
    category: str
    product: str
    quantity: int
    unit_price_cents: int
    currency: str
    status: str


def invent_transactions(dice: Dice, count: int, customers: list[Customer]) -> list[Transaction]:
    """``count`` transactions, numbered in the order in which they happened."""
    buyers = Weighted([(customer, customer.appetite) for customer in customers])
    chosen = [dice.weighted(buyers) for _ in range(count)]
    ordered = sorted(((_moment(dice, customer), n) for n, customer in enumerate(chosen)))
    transactions = []
    bought: dict[str, Transaction] = {}
    for number, (at, n) in enumerate(ordered):
        before = bought.get(chosen[n].id)
        transaction = _transaction(dice, number, at, chosen[n])
        if before and dice.chance(6):
            transaction = _return_of(before, transaction)
        elif transaction.customer and transaction.status == "completed":
            bought[transaction.customer.id] = transaction
        transactions.append(transaction)
    return transactions


def _moment(dice: Dice, customer: Customer) -> datetime:
    day = dice.moment(customer.active_from, customer.active_to).date()
    if day.month < 9 and dice.chance(35):  # the season begins in September
        day = dice.moment(customer.active_from, customer.active_to).date()
    first = datetime.combine(day, time(dice.weighted(_HOURS)))
    return max(customer.active_from, min(dice.moment(first, first + timedelta(hours=1)), WINDOW_END))


def _transaction(dice: Dice, number: int, at: datetime, customer: Customer) -> Transaction:
    product, category, low, high = dice.pick(_PRODUCTS[customer.segment])
    currency = CURRENCY[customer.country]
    return Transaction(
        id=f"T{number + 1:07}",
        customer=None if customer.segment == "consumer" and dice.chance(9) else customer,
        ordered_at=at,
        updated_at=at + _delay(dice),
        channel=dice.weighted(_CHANNELS[customer.segment]),
        category=category,
        product=product,
        quantity=dice.between(1, 8) if customer.segment == "enterprise" else dice.pick([1, 1, 1, 1, 2, 2, 3]),
        unit_price_cents=dice.between(low, high) * _PRICE_LEVEL[currency] // 100,
        currency=currency,
        status="pending" if at > WINDOW_END - timedelta(days=2) else dice.weighted(_STATUS),
    )


def _return_of(bought: Transaction, transaction: Transaction) -> Transaction:
    """One piece of what was bought comes back, at its price and its till."""
    return replace(
        bought,
        id=transaction.id,
        ordered_at=transaction.ordered_at,
        updated_at=transaction.updated_at,
        quantity=-1,
    )


def _delay(dice: Dice) -> timedelta:
    """How long until the head office hears of it; some stores send their day late, some a week late."""
    if dice.chance(6):
        return timedelta(minutes=dice.between(2 * 1440, 12 * 1440))
    return timedelta(minutes=dice.between(1, 45))
