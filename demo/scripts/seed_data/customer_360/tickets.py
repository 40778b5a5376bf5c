"""What customers ask the support, mostly about something they bought."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from seed_data.customer_360.customers import WINDOW_END, Customer
from seed_data.customer_360.transactions import Transaction
from seed_data.dice import Dice, Weighted

_PRIORITIES = {
    "consumer": Weighted([("low", 40), ("normal", 45), ("high", 12), ("urgent", 3)]),
    "small business": Weighted([("low", 25), ("normal", 45), ("high", 22), ("urgent", 8)]),
    "enterprise": Weighted([("low", 10), ("normal", 40), ("high", 30), ("urgent", 20)]),
}
_HOURS_TO_RESOLVE = {"low": 120, "normal": 60, "high": 30, "urgent": 10}
_SUBJECTS = {
    "delivery": ["Where is my order?", "Parcel arrived, but empty", "Lieferung nach Zürich, bitte"],
    "billing": ["Invoice shows the wrong VAT", 'Charged twice for "Nordlys"', "Refund, please"],
    "product": ["Broken on arrival", "Too loud, too hot, too blue", "Pièce manquante"],
    "account": ["Cannot log in", "Change my e-mail, please", "Delete my data"],
}


@dataclass(frozen=True)
class Ticket:
    """A question to the support; an open one is not resolved, an unanswered survey is no satisfaction."""

    id: str
    customer: Customer
    opened_at: datetime
    resolved_at: datetime | None
    category: str
    priority: str
    subject: str
    satisfaction: int | None


def invent_tickets(
    dice: Dice, count: int, customers: list[Customer], transactions: list[Transaction]
) -> list[Ticket]:
    """``count`` tickets, numbered in the order in which they were opened."""
    bought = Counter(transaction.customer.id for transaction in transactions if transaction.customer)
    callers = Weighted([(customer, _calls(customer, bought[customer.id])) for customer in customers])
    chosen = [dice.weighted(callers) for _ in range(count)]
    opened = sorted((dice.moment(customer.active_from, WINDOW_END), n) for n, customer in enumerate(chosen))
    return [_ticket(dice, number, at, chosen[n]) for number, (at, n) in enumerate(opened)]


def _calls(customer: Customer, bought: int) -> int:
    """How likely it is to call: companies and the impatient more often, and who buys more."""
    return (1 + 2 * min(bought, 6)) * (3 if customer.segment == "enterprise" else 2) * (5 - customer.patience)


def _ticket(dice: Dice, number: int, at: datetime, customer: Customer) -> Ticket:
    category = dice.pick(sorted(_SUBJECTS))
    priority = dice.weighted(_PRIORITIES[customer.segment])
    minutes = dice.between(30, _HOURS_TO_RESOLVE[priority] * 60)
    resolved_at = at + timedelta(minutes=minutes)
    is_open = resolved_at >= WINDOW_END or dice.chance(5)
    return Ticket(
        id=f"S{number + 1:06}",
        customer=customer,
        opened_at=at,
        resolved_at=None if is_open else resolved_at,
        category=category,
        priority=priority,
        subject=dice.pick(_SUBJECTS[category]),
        satisfaction=None if is_open or dice.chance(30) else _satisfaction(dice, customer, minutes),
    )


def _satisfaction(dice: Dice, customer: Customer, minutes: int) -> int:
    """One to five: five for a quick answer to a patient customer."""
    waiting = min(minutes // 1200, 3)
    return max(1, min(5, 3 + customer.patience // 2 - waiting + dice.between(0, 1)))
