"""What financial-risk's three exports say: open positions with their values, closes, counterparties."""

from __future__ import annotations

import csv
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cached_property
from pathlib import Path

from tests.oracles.exact import nearest

Row = dict[str, str]
Key = tuple[str, str]
EUR = {
    name: Fraction(rate)
    for name, rate in [("EUR", "1"), ("USD", "0.9213"), ("GBP", "1.1685"), ("CHF", "1.0642")]
}
EUR["GBX"] = EUR["GBP"] / 100
WINDOW = 250


@dataclass(frozen=True)
class Quote:
    """An instrument as the market sees it: its closes by day, oldest first."""

    ticker: str
    asset_class: str
    sector: str
    currency: str
    days: Sequence[date]
    closes: Sequence[Fraction]

    def close_on(self, day: date) -> Fraction | None:
        """The close of that day, else the last one before it."""
        known = bisect_right(self.days, day)
        return self.closes[known - 1] if known else None


@dataclass(frozen=True)
class Position:
    """An open position with its value and its cost in euros."""

    portfolio: str
    desk: str
    instrument: str
    asset_class: str
    counterparty: str | None
    value: Fraction
    cost: Fraction

    @property
    def gain(self) -> Fraction:
        return self.value - self.cost


@dataclass(frozen=True)
class Book:
    """Everything the three exports say."""

    positions: Sequence[Position]
    quotes: Mapping[str, Quote]
    counterparties: Mapping[str, Row]

    @classmethod
    def read(cls, seeds: Path, earlier_market_data: Iterable[Row] = ()) -> Book:
        """The seeds' book; ``earlier_market_data`` was delivered by runs before this one."""
        closes = latest_closes([*earlier_market_data, *read_csv(seeds / "raw_market_data.csv")])
        quotes = dict(_quotes(closes.values()))
        entries = _latest(read_csv(seeds / "raw_positions.csv"), "position_id")
        return cls(
            positions=[_position(row, quotes) for row in entries if word(row["status"]) == "open"],
            quotes=quotes,
            counterparties={
                row["counterparty_id"]: row
                for row in _latest(read_csv(seeds / "raw_counterparties.csv"), "counterparty_id")
            },
        )

    @cached_property
    def calendar(self) -> list[date]:
        return sorted({day for quote in self.quotes.values() for day in quote.days})

    @cached_property
    def returns(self) -> dict[str, dict[date, Fraction]]:
        """Of each instrument the simple returns in the window; none before its second day."""
        steps = list(zip(self.calendar, self.calendar[1:], strict=False))[-WINDOW:]
        return {name: dict(_returns(quote, steps)) for name, quote in self.quotes.items()}

    def gains(self, instrument: str, value: Fraction) -> list[Fraction]:
        """What a holding worth ``value`` would have gained on each day of the window."""
        returns = self.returns.get(instrument, {})
        return [nearest(value * returns.get(day, 0), 2) for day in self.calendar[1:][-WINDOW:]]


def read_csv(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def latest_closes(rows: Iterable[Row]) -> dict[Key, Row]:
    """Of every instrument and day what was published last; of equal ones the first."""
    latest: dict[Key, Row] = {}
    for row in rows:
        known = latest.setdefault((row["instrument_id"], row["trade_date"]), row)
        if row["published_at"] > known["published_at"]:
            latest[row["instrument_id"], row["trade_date"]] = row
    return latest


def _latest(rows: Iterable[Row], key: str) -> list[Row]:
    latest: dict[str, Row] = {}
    for row in sorted(rows, key=lambda row: row["updated_at"]):
        latest[row[key]] = row
    return list(latest.values())


def _quotes(rows: Iterable[Row]) -> Iterator[tuple[str, Quote]]:
    traded: dict[str, list[Row]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row["trade_date"]):
        if number_of(row["close"]) > 0:
            traded[row["instrument_id"]].append(row)
    for name, closes in traded.items():
        last = closes[-1]
        yield (
            name,
            Quote(
                ticker=last["ticker"],
                asset_class=word(last["asset_class"]),
                sector=word(last["sector"]),
                currency=word(last["currency"]).upper(),
                days=[date.fromisoformat(row["trade_date"]) for row in closes],
                closes=[number_of(row["close"]) for row in closes],
            ),
        )


def _returns(quote: Quote, steps: Iterable[tuple[date, date]]) -> Iterator[tuple[date, Fraction]]:
    for before, day in steps:
        former, close = quote.close_on(before), quote.close_on(day)
        if former and close:
            yield day, nearest(close / former - 1, 8)


def _position(row: Row, quotes: Mapping[str, Quote]) -> Position:
    instrument = row["instrument_id"].strip().upper()
    quote = quotes.get(instrument)
    quantity = abs(number_of(row["quantity"])) * (1 if word(row["side"]) in {"long", "l", "buy"} else -1)
    if quote and quote.asset_class == "bond":
        quantity /= 100
    cost = quantity * number_of(row["trade_price"]) * EUR[word(row["currency"]).upper()]
    value = quantity * quote.closes[-1] * EUR[quote.currency] if quote else cost
    return Position(
        portfolio=row["portfolio_id"].strip().upper(),
        desk=word(row["desk"]),
        instrument=instrument,
        asset_class=quote.asset_class if quote else "unlisted",
        counterparty=word(row["counterparty_id"]).upper() or None,
        value=nearest(value, 2),
        cost=nearest(cost, 2),
    )


def value(text: str) -> str | None:
    """The text without blanks around it; None for what the exports write when they mean nothing."""
    return None if text.strip() in ("", "N/A") else text.strip()


def word(text: str) -> str:
    return (value(text) or "").lower()


def number_of(text: str) -> Fraction:
    return Fraction((value(text) or "0").replace(",", ""))
