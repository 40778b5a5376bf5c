"""What defaults would cost, told counterparty by counterparty from the documented rules."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from tests.oracles.exact import decimal, nearest, total
from tests.oracles.financial_book import Book, Key, Position, Row, number_of, value, word

TIER1 = 22_000_000
ADD_ON = {"equity": Fraction("0.08"), "bond": Fraction("0.005"), "unlisted": Fraction("0.12")}
WEIGHT = {"AAA": 20, "AA": 20, "A": 50, "BBB": 75, "BB": 100, "B": 150, "CCC": 150, "unrated": 100}
MOODYS = {"AAA": "AAA", "AA": "AA", "A": "A", "BAA": "BBB", "BA": "BB", "B": "B", "CAA": "CCC"}


def counterparty_exposure(book: Book) -> dict[Key, dict[str, Any]]:
    """int_counterparty_exposure by portfolio and counterparty."""
    dealt: dict[str, list[Position]] = defaultdict(list)
    for position in book.positions:
        if position.counterparty:
            dealt[position.counterparty].append(position)
    exposure = {name: _exposure(dealt[name], book.counterparties[name]) for name in dealt}
    groups: dict[str, Fraction] = defaultdict(Fraction)
    for name, amount in exposure.items():
        groups[_group(book.counterparties[name])] += amount
    rows: dict[Key, dict[str, Any]] = {}
    for name, positions in dealt.items():
        whole = total(_gross(position) for position in positions)
        for portfolio in {position.portfolio for position in positions}:
            own = [position for position in positions if position.portfolio == portfolio]
            part = nearest(exposure[name] * total(map(_gross, own)) / whole, 2) if whole else Fraction()
            rows[portfolio, name] = {
                "portfolio_id": portfolio,
                **dict(_identity(book.counterparties[name])),
                **dict(_exposed(own, part, _rating(book.counterparties[name]["rating"]))),
                "counterparty_exposure_eur": decimal(exposure[name], 2),
                **dict(_group_figures(groups[_group(book.counterparties[name])])),
            }
    return rows


def _exposure(positions: list[Position], counterparty: Row) -> Fraction:
    """The Current Exposure Method: what a default costs today, and what it may cost tomorrow."""
    collateral = number_of(counterparty["collateral"])
    add_on = total(map(_add_on, positions))
    gained = total(max(position.gain, Fraction()) for position in positions)
    if not _nets(counterparty):
        return max(gained - collateral, Fraction()) + add_on
    net = max(total(position.gain for position in positions), Fraction())
    ratio = net / gained if gained else Fraction(1)
    return max(net - collateral, Fraction()) + nearest(
        (Fraction("0.4") + Fraction("0.6") * ratio) * add_on, 2
    )


def _add_on(position: Position) -> Fraction:
    return nearest(ADD_ON[position.asset_class] * abs(position.value), 2)


def _gross(position: Position) -> Fraction:
    return max(position.gain, Fraction()) + _add_on(position)


def _identity(row: Row) -> Iterator[tuple[str, Any]]:
    lei = (value(row["lei"]) or "").upper()
    yield "counterparty_id", row["counterparty_id"]
    yield "legal_name", " ".join(row["legal_name"].split())
    yield "country_code", row["country"].strip().upper()
    yield "sector", word(row["sector"])
    yield "lei", lei or None
    yield "has_valid_lei", _is_lei(lei)
    yield "rating", _rating(row["rating"])
    yield "group_id", _group(row)
    yield "has_netting_agreement", _nets(row)
    yield "collateral_eur", decimal(number_of(row["collateral"]), 2)


def _exposed(positions: list[Position], part: Fraction, rating: str) -> Iterator[tuple[str, Any]]:
    yield "position_count", len(positions)
    yield "notional_eur", decimal(total(abs(position.value) for position in positions), 2)
    yield "gross_exposure_eur", decimal(total(map(_gross, positions)), 2)
    yield "net_exposure_eur", decimal(part, 2)
    yield "risk_weight", decimal(Fraction(WEIGHT[rating], 100), 2)
    yield "risk_weighted_exposure_eur", decimal(part * Fraction(WEIGHT[rating], 100), 2)


def _group_figures(exposure: Fraction) -> Iterator[tuple[str, Any]]:
    yield "group_exposure_eur", decimal(exposure, 2)
    yield "group_share_of_tier1", decimal(exposure / TIER1, 6)
    yield "is_large_exposure", exposure >= Fraction("0.1") * TIER1
    yield "exceeds_limit", exposure > Fraction("0.25") * TIER1


def _is_lei(text: str) -> bool:
    if not re.fullmatch(r"[0-9A-Z]{18}[0-9]{2}", text):
        return False
    return int("".join(str(int(letter, 36)) for letter in text)) % 97 == 1


def _rating(text: str) -> str:
    letters = re.sub("[^A-Z]", "", text.upper())
    return letters if letters in WEIGHT else MOODYS.get(letters, "unrated")


def _group(row: Row) -> str:
    return (value(row["parent_id"]) or row["counterparty_id"]).upper()


def _nets(row: Row) -> bool:
    return word(row["netting_agreement"]) in {"yes", "y", "true"}
