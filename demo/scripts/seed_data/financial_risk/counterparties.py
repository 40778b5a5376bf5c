"""Whom the firm trades with: a few do most of it, and many belong to one of the few."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from seed_data.dice import Dice, Weighted
from seed_data.financial_risk.identifiers import lei

_FIRST_CONTRACT, _LAST_CHANGE = datetime(2023, 1, 9, 8), datetime(2025, 6, 27, 18)
_PLACES = [
    *(
        "Nordhafen",
        "Elbtor",
        "Montclair",
        "Saint-Aubin",
        "Ridgefield",
        "Harbour Lane",
        "Kirchfeld",
        "Valmont",
    ),
    *("Brightwater", "Côte d'Émeraude", "Zürichberg", "Oakhurst", "Łazienki", "Steinweg", "Greycliff"),
]
_KINDS = {
    "bank": ["Bank", "Banque", "Securities"],
    "insurer": ["Life", "Re", "Insurance"],
    "fund": ["Capital Partners", "Macro Fund", "Pension Trust"],
    "corporate": ["Energy", "Shipping", "Food & Drink"],
}
_FORMS = {"DE": "AG", "FR": "S.A.", "US": "Inc.", "GB": "plc", "CH": "AG"}
_SECTORS = Weighted([("bank", 40), ("insurer", 15), ("fund", 30), ("corporate", 15)])
_COUNTRIES = Weighted([("DE", 28), ("US", 24), ("GB", 20), ("FR", 16), ("CH", 12)])
RATINGS = ["AAA", "AA", "A", "BBB", "BB", "B", "CCC"]
_RATINGS = {
    "bank": Weighted([("AA", 25), ("A", 50), ("BBB", 25)]),
    "insurer": Weighted([("AAA", 10), ("AA", 40), ("A", 40), ("BBB", 10)]),
    "fund": Weighted([("A", 10), ("BBB", 25), ("BB", 15), ("B", 10), ("", 40)]),
    "corporate": Weighted([("A", 15), ("BBB", 40), ("BB", 25), ("B", 15), ("CCC", 5)]),
}


@dataclass(frozen=True)
class Counterparty:
    """One legal entity; ``weight`` is how much is traded with it, ``parent`` the group it belongs to.

    ``collateral`` is what it has pledged, in cents. ``rerated_at`` is when an agency changed its mind,
    ``former_rating`` what it said before; an empty rating is none.
    """

    id: str
    lei: str
    name: str
    country: str
    sector: str
    rating: str
    parent: str
    nets: bool
    collateral: int
    weight: int
    known_since: datetime
    rerated_at: datetime | None
    former_rating: str


def invent_counterparties(dice: Dice, count: int, *, rerated: int) -> list[Counterparty]:
    """``count`` counterparties, the first and biggest of them banks; ``rerated`` changed their rating."""
    primes = max(count // 18, 1)
    rated_anew = set(dice.some(range(count), rerated))
    since = sorted(dice.moment(_FIRST_CONTRACT, datetime(2025, 1, 1)) for _ in range(count))
    return [
        _counterparty(dice, number, since[number], primes, number in rated_anew) for number in range(count)
    ]


def _counterparty(dice: Dice, number: int, since: datetime, primes: int, rerated: bool) -> Counterparty:
    is_prime = number < primes
    sector = "bank" if is_prime else dice.weighted(_SECTORS)
    country = dice.weighted(_COUNTRIES)
    rating = dice.pick(["AA", "A", "A"]) if is_prime else dice.weighted(_RATINGS[sector])
    belongs = not is_prime and dice.chance(25)
    pledges = is_prime or dice.chance(35)
    return Counterparty(
        id=_id(number),
        lei=lei(number + 1),
        name=f"{dice.pick(_PLACES)} {dice.pick(_KINDS[sector])} {_FORMS[country]}",
        country=country,
        sector=sector,
        rating=rating,
        parent=_id(dice.between(0, primes - 1)) if belongs else "",
        nets=dice.chance(75 if is_prime else 55),
        collateral=dice.between(2, 20) * 1_000_000 * (5 if is_prime else 1) if pledges else 0,
        weight=_weight(dice, number, is_prime),
        known_since=since,
        rerated_at=dice.moment(datetime(2025, 1, 1), _LAST_CHANGE) if rerated else None,
        former_rating=_neighbour(dice, rating) if rerated else rating,
    )


def _weight(dice: Dice, number: int, is_prime: bool) -> int:
    """One of five big banks is the house bank, through which the desks trade most."""
    if is_prime:
        return dice.between(60, 110) * (5 if number % 5 == 0 else 1)
    return dice.pick([1, 1, 2, 2, 3, 4, 8])


def _id(number: int) -> str:
    return f"CP{number + 1:05}"


def _neighbour(dice: Dice, rating: str) -> str:
    """A grade away; who has no rating now had the last but one."""
    if not rating:
        return "B"
    place = RATINGS.index(rating) + dice.pick([-1, -1, 1])
    return RATINGS[max(0, min(place, len(RATINGS) - 1))]
