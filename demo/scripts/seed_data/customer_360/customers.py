"""The customers, as they really are: the mess comes with their export."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from seed_data.customer_360.names import NAMES, ascii_letters
from seed_data.dice import Dice, Weighted

OPENED = datetime(2022, 3, 1)
WINDOW_START = datetime(2024, 7, 1)
WINDOW_END = datetime(2025, 7, 1)

_COUNTRIES = Weighted([("DE", 30), ("FR", 18), ("GB", 18), ("PL", 12), ("US", 12), ("CH", 10)])
_SEGMENTS = Weighted([("consumer", 70), ("small business", 22), ("enterprise", 8)])
_APPETITE = {"consumer": 8, "small business": 12, "enterprise": 20}
_TEMPERAMENT = Weighted([(0, 10), (2, 42), (3, 32), (5, 12), (8, 4)])


@dataclass(frozen=True)
class Customer:
    """One person or company; ``former_email`` and ``former_segment`` are set when the CRM changed them.

    ``appetite`` is how much it buys, ``patience`` (0 to 4) how kindly it takes a delay.
    """

    id: str
    name: str
    email: str
    country: str
    segment: str
    signed_up: date
    consent: bool
    appetite: int
    patience: int
    active_from: datetime
    active_to: datetime
    changed_at: datetime | None = None
    former_email: str | None = None
    former_segment: str | None = None


def invent_customers(dice: Dice, count: int, *, changed: int) -> list[Customer]:
    """``count`` customers in the order they signed up; ``changed`` of them got another address later."""
    signed_up = sorted(dice.moment(OPENED, WINDOW_END - timedelta(days=7)) for _ in range(count))
    moved = set(dice.some(range(count), changed))
    taken: set[str] = set()
    return [_customer(dice, number, at.date(), number in moved, taken) for number, at in enumerate(signed_up)]


def _customer(dice: Dice, number: int, signed_up: date, moved: bool, taken: set[str]) -> Customer:
    country, segment = dice.weighted(_COUNTRIES), dice.weighted(_SEGMENTS)
    firsts, lasts = NAMES[country]
    first, last = dice.pick(firsts), dice.pick(lasts)
    active_from = max(datetime.combine(signed_up, time(8)), WINDOW_START)
    left = dice.chance(22)
    grows = moved and segment == "small business" and dice.chance(60)
    return Customer(
        id=f"C{number + 1:06}",
        name=f"{first} {last}",
        email=_email(dice, first, last, taken),
        country=country,
        segment=segment,
        signed_up=signed_up,
        consent=dice.chance(63),
        appetite=_APPETITE[segment] * dice.weighted(_TEMPERAMENT),
        patience=dice.between(0, 4),
        active_from=active_from,
        active_to=dice.moment(active_from, WINDOW_END) + timedelta(days=1) if left else WINDOW_END,
        changed_at=dice.moment(active_from + timedelta(days=1), WINDOW_END) if moved else None,
        former_email=_email(dice, first, last, taken) if moved else None,
        former_segment="consumer" if grows else None,
    )


def _email(dice: Dice, first: str, last: str, taken: set[str]) -> str:
    """An address nobody else has or had, in the domains kept for examples."""
    domain = dice.pick(["example.com", "example.net", "example.org"])
    local = f"{ascii_letters(first)}.{ascii_letters(last)}"
    number = 1
    while (email := f"{local}{number if number > 1 else ''}@{domain}") in taken:
        number += 1
    taken.add(email)
    return email
