"""The three systems' exports: true rows, and what such systems do to them on the way out."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import NamedTuple

from seed_data.dice import Dice
from seed_data.financial_risk.closes import Close
from seed_data.financial_risk.counterparties import Counterparty
from seed_data.financial_risk.positions import Position
from seed_data.table import Table

POSITION_COLUMNS = (
    "position_id, portfolio_id, desk, instrument_id, counterparty_id, side, quantity, trade_price, currency,"
    " traded_at, status, updated_at"
)
MARKET_COLUMNS = (
    "instrument_id, ticker, asset_class, sector, currency, trade_date, close, volume, published_at"
)
COUNTERPARTY_COLUMNS = (
    "counterparty_id, lei, legal_name, country, sector, rating, parent_id, netting_agreement, collateral,"
    " updated_at"
)
_MOODYS = {"AAA": "Aaa", "AA": "Aa2", "A": "A3", "BBB": "Baa1", "BB": "Ba2", "B": "B1", "CCC": "Caa1"}


def position_rows(dice: Dice, positions: list[Position], *, amended: int, repeated: int) -> Table:
    """In the order of entry: an amended position comes again, and some come twice for no reason."""
    entries = {position.id: position for position in positions}
    later = [_amended(dice, entries, position) for position in dice.some(positions, amended)]
    in_order = sorted([*entries.values(), *later], key=lambda entry: (entry.updated_at, entry.id))
    rows = [_position_row(dice, entry) for entry in in_order]
    return Table("raw_positions", POSITION_COLUMNS, _with_repeats(dice, rows, repeated))


def _amended(dice: Dice, entries: dict[str, Position], position: Position) -> Position:
    """Let the first entry be wrong or still open, and return the second one, which is right."""
    wrong = position.quantity if position.status != "open" else position.quantity * dice.pick([2, 5, 10])
    entries[position.id] = replace(position, status="open", quantity=wrong)
    return replace(position, updated_at=position.updated_at + timedelta(minutes=dice.between(30, 4000)))


def _position_row(dice: Dice, position: Position) -> list[str]:
    sign = "-" if position.is_short and dice.chance(30) else ""
    separator = "," if dice.chance(25) else ""
    status = "canceled" if position.status == "cancelled" and dice.chance(50) else position.status
    return [
        position.id,
        _untidy(dice, position.portfolio, percent=10),
        _untidy(dice, position.desk, percent=15),
        _untidy(dice, position.instrument_id, percent=8),
        _counterparty_text(dice, position.counterparty),
        dice.pick(
            ["SHORT", "short", "Short ", "S", "SELL"] if position.is_short else ["LONG", "long", "L", "Buy"]
        ),
        f"{sign}{position.quantity:{separator}}",
        _money(position.price, separator),
        _untidy(dice, position.currency, percent=8),
        str(position.traded_at),
        _untidy(dice, status, percent=15),
        str(position.updated_at),
    ]


def _counterparty_text(dice: Dice, counterparty: Counterparty | None) -> str:
    return _untidy(dice, counterparty.id, percent=6) if counterparty else dice.pick(["", "", " N/A "])


def market_rows(dice: Dice, closes: list[Close], *, corrected: int, repeated: int) -> Table:
    """In the order of publication: a wrong close is published again, and some come twice for no reason."""
    arrivals = {close: _Publication(close, _close_text(dice, close), close.published_at) for close in closes}
    later = [_corrected(dice, arrivals, close) for close in dice.some(closes, corrected)]
    in_order = sorted(
        [*arrivals.values(), *later], key=lambda arrival: (arrival.at, arrival.close.instrument.id)
    )
    rows = [_market_row(dice, arrival) for arrival in in_order]
    return Table("raw_market_data", MARKET_COLUMNS, _with_repeats(dice, rows, repeated))


class _Publication(NamedTuple):
    close: Close
    text: str
    at: datetime


def _corrected(dice: Dice, arrivals: dict[Close, _Publication], close: Close) -> _Publication:
    """Let the first publication be wrong or empty, and return the one of a later morning."""
    wrong = dice.pick(["", _money(close.price * 10), _money(close.price * dice.between(85, 115) // 100)])
    arrivals[close] = _Publication(close, wrong, close.published_at)
    morning = datetime.combine(close.day + timedelta(days=dice.between(1, 4)), time(7))
    return _Publication(close, _money(close.price), morning + timedelta(seconds=dice.between(0, 3600)))


def _close_text(dice: Dice, close: Close) -> str:
    """The close, or what the vendor writes for a day without one."""
    if dice.chance(1.5):
        return dice.pick(["", " N/A ", "0.00"])
    return _money(close.price, "," if dice.chance(20) else "")


def _market_row(dice: Dice, arrival: _Publication) -> list[str]:
    instrument = arrival.close.instrument
    return [
        instrument.id,
        instrument.ticker,
        _untidy(dice, instrument.asset_class, percent=10),
        _untidy(dice, instrument.sector, percent=10),
        _untidy(dice, instrument.currency, percent=8),
        str(arrival.close.day),
        arrival.text,
        str(arrival.close.volume),
        str(arrival.at),
    ]


def counterparty_rows(dice: Dice, counterparties: list[Counterparty]) -> Table:
    """A counterparty whose rating changed stands in the export a second time."""
    versions: list[tuple[datetime, Counterparty]] = []
    for counterparty in counterparties:
        former = replace(counterparty, rating=counterparty.former_rating)
        versions.append((counterparty.known_since, former))
        if counterparty.rerated_at:
            versions.append((counterparty.rerated_at, counterparty))
    versions.sort(key=lambda version: (version[0], version[1].id))
    rows = [_counterparty_row(dice, *version) for version in versions]
    return Table("raw_counterparties", COUNTERPARTY_COLUMNS, rows)


def _counterparty_row(dice: Dice, updated_at: datetime, counterparty: Counterparty) -> list[str]:
    name = counterparty.name
    return [
        counterparty.id,
        _lei_text(dice, counterparty.lei),
        name.replace(" ", "  ", 1) if dice.chance(5) else name,
        _untidy(dice, counterparty.country, percent=8),
        _untidy(dice, counterparty.sector, percent=10),
        _rating_text(dice, counterparty.rating),
        _untidy(dice, counterparty.parent, percent=10) or dice.pick(["", "", "N/A"]),
        dice.pick(["yes", "Y", "true"] if counterparty.nets else ["no", "N", ""]),
        _money(counterparty.collateral, ",") if counterparty.collateral else dice.pick(["", "0.00"]),
        str(updated_at),
    ]


def _lei_text(dice: Dice, lei: str) -> str:
    if dice.chance(4):
        return ""
    if dice.chance(5):  # two neighbours swapped: the check digits tell, unless the two are equal
        place = dice.between(8, 16)
        return lei[:place] + lei[place + 1] + lei[place] + lei[place + 2 :]
    return _untidy(dice, lei, percent=10)


def _rating_text(dice: Dice, rating: str) -> str:
    """The grade as one of two agencies writes it."""
    if not rating:
        return dice.pick(["", "NR", "N/A"])
    if dice.chance(35):
        return _MOODYS[rating]
    notch = dice.pick(["", "", "+", "-"]) if rating not in ("AAA", "CCC") else ""
    return _untidy(dice, rating + notch, percent=12)


def _money(hundredths: int, separator: str = "") -> str:
    units, rest = divmod(hundredths, 100)
    return f"{units:{separator}}.{rest:02}"


def _with_repeats(dice: Dice, rows: list[list[str]], repeated: int) -> list[list[str]]:
    for index in reversed(dice.some(range(len(rows)), repeated)):
        rows.insert(index, rows[index])
    return rows


def _untidy(dice: Dice, text: str, *, percent: float) -> str:
    """``text``, or in ``percent`` of the cases with small letters or blanks around it."""
    if not text or not dice.chance(percent):
        return text
    return dice.pick([text.lower(), f" {text}", f"{text} "])
