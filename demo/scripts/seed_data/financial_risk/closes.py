"""Closing prices: one market that moves all, one factor for each sector, and each one's own noise."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from seed_data.dice import Dice
from seed_data.financial_risk.instruments import Instrument

_MARKET, _SECTOR, _RATES = 0.0062, 0.004, 0.0018
_STORM = (0.55, 0.68)  # the share of the history in which everything moves more
_STORM_STRENGTH = 1.9
_SUSPENDED_DAYS = 8


@dataclass(frozen=True)
class Close:
    """The price of one instrument at the end of one day, in hundredths of its currency's unit."""

    instrument: Instrument
    day: date
    price: int
    volume: int
    published_at: datetime


def invent_closes(dice: Dice, instruments: list[Instrument], days: list[date]) -> list[Close]:
    """Every close there was, by day and instrument."""
    prices = {instrument.id: instrument.price for instrument in instruments}
    closes: list[Close] = []
    for number, day in enumerate(days):
        moves = _moves(dice, instruments, wild=_STORM[0] <= number / len(days) < _STORM[1])
        for instrument, move in zip(instruments, moves, strict=True):
            prices[instrument.id] *= 1 + move
            if _is_traded(instrument, number, len(days)):
                closes.append(_close(dice, instrument, day, prices[instrument.id]))
    return closes


def _moves(dice: Dice, instruments: list[Instrument], *, wild: bool) -> list[float]:
    """What everything gains or loses in a day."""
    strength = _STORM_STRENGTH if wild else 1
    market = strength * _MARKET * _bell(dice) + 0.0003
    sectors = {
        sector: (_RATES if sector in ("government", "corporate") else _SECTOR) * _bell(dice)
        for sector in sorted({instrument.sector for instrument in instruments})
    }
    return [
        instrument.beta * market + sectors[instrument.sector] + strength * instrument.noise * _bell(dice)
        for instrument in instruments
    ]


def _bell(dice: Dice) -> float:
    """About normal, with a standard deviation of one: twelve rolls, no function of a math library."""
    return sum(dice.between(-1000, 1000) for _ in range(12)) / 2000


def _is_traded(instrument: Instrument, number: int, days: int) -> bool:
    came_late = number < days * (1 - instrument.listed)
    return not came_late and not (instrument.suspended and number >= days - _SUSPENDED_DAYS)


def _close(dice: Dice, instrument: Instrument, day: date, price: float) -> Close:
    return Close(
        instrument=instrument,
        day=day,
        price=int(price * 100 + 0.5),
        volume=dice.between(20, 4000) * 100,
        published_at=datetime.combine(day, time(18)) + timedelta(seconds=dice.between(60, 7200)),
    )
