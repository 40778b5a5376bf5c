"""What the desks hold: each in the sectors it knows, some with as much sold short as bought."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from seed_data.dice import Dice, Weighted
from seed_data.financial_risk.closes import Close
from seed_data.financial_risk.counterparties import Counterparty
from seed_data.financial_risk.identifiers import isin
from seed_data.financial_risk.instruments import Instrument

_SIZES = Weighted([(5_000_000, 30), (20_000_000, 30), (60_000_000, 25), (200_000_000, 12), (600_000_000, 3)])
_STATUS = Weighted([("open", 84), ("closed", 11), ("cancelled", 5)])
_FACE_VALUE = 1000  # bonds are traded in thousands


@dataclass(frozen=True)
class Desk:
    """``taste`` weighs the sectors, ``short`` is the percentage that is sold short."""

    name: str
    taste: Mapping[str, int]
    short: int


_DESKS = [
    Desk("blue chips", {"financials": 6, "industrials": 5, "health care": 4, "energy": 3}, 8),
    Desk("technology", {"technology": 12, "health care": 1}, 25),
    Desk("rates", {"government": 12, "corporate": 2}, 35),
    Desk("market neutral", {"technology": 4, "financials": 4, "energy": 4, "industrials": 4}, 50),
    Desk("credit", {"corporate": 10, "government": 3, "financials": 1}, 12),
    Desk("energy", {"energy": 12, "industrials": 1}, 18),
]


@dataclass(frozen=True)
class Position:
    """A holding as it was entered; ``price`` in hundredths, no ``counterparty`` when it is cleared."""

    id: str
    portfolio: str
    desk: str
    instrument_id: str
    counterparty: Counterparty | None
    is_short: bool
    quantity: int
    price: int
    currency: str
    traded_at: datetime
    status: str
    updated_at: datetime


def invent_positions(
    dice: Dice, count: int, portfolios: int, closes: list[Close], counterparties: list[Counterparty]
) -> list[Position]:
    """``count`` positions, numbered in the order in which they were entered."""
    by_desk = [_tradable(desk, closes) for desk in _DESKS]
    sides = Weighted([(counterparty, counterparty.weight) for counterparty in counterparties])
    chosen = [dice.between(0, portfolios - 1) for _ in range(count)]
    trades = sorted(
        ((_moment(dice, close), n, close) for n, close in _trades(dice, chosen, by_desk)),
        key=lambda trade: trade[:2],
    )
    return [
        _position(dice, number, at, chosen[n], close, dice.weighted(sides))
        for number, (at, n, close) in enumerate(trades)
    ]


def _tradable(desk: Desk, closes: list[Close]) -> Weighted[Close]:
    return Weighted([(close, desk.taste.get(close.instrument.sector, 0)) for close in closes])


def _trades(dice: Dice, chosen: list[int], by_desk: list[Weighted[Close]]) -> list[tuple[int, Close]]:
    return [(n, dice.weighted(by_desk[portfolio % len(_DESKS)])) for n, portfolio in enumerate(chosen)]


def _moment(dice: Dice, close: Close) -> datetime:
    opening = datetime.combine(close.day, time(8))
    return dice.moment(opening, opening + timedelta(hours=9, minutes=30))


def _position(
    dice: Dice, number: int, at: datetime, portfolio: int, close: Close, counterparty: Counterparty
) -> Position:
    desk = _DESKS[portfolio % len(_DESKS)]
    instrument = close.instrument
    price = max(1, close.price * dice.between(9920, 10080) // 10000)
    in_pounds = instrument.currency == "GBX" and dice.chance(30)
    is_private = instrument.asset_class == "equity" and dice.chance(3)  # a share that no exchange quotes
    return Position(
        id=f"P{number + 1:06}",
        portfolio=f"PF{portfolio + 1:03}",
        desk=desk.name,
        instrument_id=isin("DE", 9_000_000 + portfolio) if is_private else instrument.id,
        counterparty=None if dice.chance(12) else counterparty,
        is_short=dice.chance(desk.short),
        quantity=_quantity(dice, instrument, price),
        price=max(1, price // 100) if in_pounds else price,
        currency="GBP" if in_pounds else instrument.currency,
        traded_at=at,
        status=dice.weighted(_STATUS),
        updated_at=at + timedelta(seconds=dice.between(20, 5400)),
    )


def _quantity(dice: Dice, instrument: Instrument, price: int) -> int:
    """How many make up a typical size in cents, in round lots."""
    size = dice.weighted(_SIZES) * dice.between(60, 160) // 100
    if instrument.asset_class == "bond":
        return max(1, size // 100 // _FACE_VALUE) * _FACE_VALUE
    pence = 100 if instrument.currency == "GBX" else 1
    return max(1, size * pence // price // 10) * 10
