"""What can be held, and the days on which it is traded."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta

from seed_data.dice import Dice
from seed_data.financial_risk.identifiers import isin

LAST_DAY = date(2025, 6, 27)
_HOLIDAYS = {(1, 1), (5, 1), (12, 25), (12, 26)}
_EASTER = {
    date(2023, 4, 7),
    date(2023, 4, 10),
    date(2024, 3, 29),
    date(2024, 4, 1),
    date(2025, 4, 18),
    date(2025, 4, 21),
}
_EQUITIES = {"technology": 4, "financials": 4, "energy": 3, "health care": 2, "industrials": 2}
_BONDS = {"government": 3, "corporate": 2}
_SECTORS = list(Counter(_EQUITIES | _BONDS).elements())
_COUNTRIES = ["DE", "US", "GB", "FR", "CH", "US", "DE"]
_CURRENCY = {"DE": "EUR", "FR": "EUR", "US": "USD", "GB": "GBP", "CH": "CHF"}
_CONSONANTS, _VOWELS = "BDFGHKLMNPRSTVZ", "AEIOU"


@dataclass(frozen=True)
class Instrument:
    """A share, or a bond (quoted in percent of its face value).

    ``beta`` is its answer to the market, ``noise`` what is its own in a day. It is listed in the
    share ``listed`` of all days; one that is ``suspended`` has no closes at the end.
    """

    id: str
    ticker: str
    asset_class: str
    sector: str
    currency: str
    price: float
    beta: float
    noise: float
    listed: float
    suspended: bool


def trading_days(count: int) -> list[date]:
    """The last ``count`` days without weekends and holidays, oldest first."""
    days: list[date] = []
    day = LAST_DAY
    while len(days) < count:
        if day.weekday() < 5 and (day.month, day.day) not in _HOLIDAYS and day not in _EASTER:
            days.append(day)
        day -= timedelta(days=1)
    return days[::-1]


def invent_instruments(dice: Dice, count: int) -> list[Instrument]:
    """``count`` instruments; of twenty each, one came to the market late and one is suspended."""
    taken: set[str] = set()
    return [_instrument(dice, number, taken) for number in range(count)]


def _instrument(dice: Dice, number: int, taken: set[str]) -> Instrument:
    sector = _SECTORS[number % len(_SECTORS)]
    country = _COUNTRIES[number % len(_COUNTRIES)]
    is_bond = sector in _BONDS
    in_pence = country == "GB" and not is_bond  # as London quotes its shares
    return Instrument(
        id=isin(country, 10_000 + 37 * number),
        ticker=_ticker(dice, taken),
        asset_class="bond" if is_bond else "equity",
        sector=sector,
        currency="GBX" if in_pence else _CURRENCY[country],
        price=dice.between(9000, 10800) / 100
        if is_bond
        else dice.between(1200, 40000) / (1 if in_pence else 100),
        beta=dice.between(-20, 5) / 100 if is_bond else dice.between(55, 165) / 100,
        noise=dice.between(8, 20) / 10_000 if is_bond else dice.between(45, 125) / 10_000,
        listed=0.6 if number % 20 == 7 else 1,
        suspended=number % 20 == 12,
    )


def _ticker(dice: Dice, taken: set[str]) -> str:
    while (ticker := _syllables(dice)) in taken:
        pass
    taken.add(ticker)
    return ticker


def _syllables(dice: Dice) -> str:
    return "".join(dice.pick(letters) for letters in (_CONSONANTS, _VOWELS, _CONSONANTS, _CONSONANTS))
