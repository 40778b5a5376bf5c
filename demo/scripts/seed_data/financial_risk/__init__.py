"""An investment firm: what its desks hold, what that costs each day, and whom it depends on."""

from __future__ import annotations

from typing import NamedTuple

from seed_data.dice import Dice
from seed_data.financial_risk.closes import invent_closes
from seed_data.financial_risk.counterparties import invent_counterparties
from seed_data.financial_risk.exports import counterparty_rows, market_rows, position_rows
from seed_data.financial_risk.instruments import invent_instruments, trading_days
from seed_data.financial_risk.positions import invent_positions
from seed_data.table import Table


class Scale(NamedTuple):
    """How the firm grows: more of everything, but not ten times the history."""

    instruments: int
    days: int
    portfolios: int


SCALES = {1: Scale(20, 51, 12), 10: Scale(40, 255, 40), 100: Scale(200, 505, 120)}
CLOSES, CORRECTED_CLOSES, REPEATED_CLOSES = 970, 20, 10
POSITIONS, AMENDED_POSITIONS, REPEATED_POSITIONS = 470, 20, 10
COUNTERPARTIES, RERATED_COUNTERPARTIES = 90, 10


def tables(factor: int) -> list[Table]:
    """The product's seeds; ``factor`` multiplies the number of rows."""
    scale = SCALES[factor]
    dice = Dice(f"financial-risk x {factor}")
    days = trading_days(scale.days)
    instruments = invent_instruments(dice, scale.instruments)
    closes = invent_closes(dice, instruments, days)
    counterparties = invent_counterparties(
        dice, COUNTERPARTIES * factor, rerated=RERATED_COUNTERPARTIES * factor
    )
    positions = invent_positions(dice, POSITIONS * factor, scale.portfolios, closes, counterparties)
    return [
        position_rows(
            dice, positions, amended=AMENDED_POSITIONS * factor, repeated=REPEATED_POSITIONS * factor
        ),
        market_rows(
            dice,
            dice.some(closes, CLOSES * factor),
            corrected=CORRECTED_CLOSES * factor,
            repeated=REPEATED_CLOSES * factor,
        ),
        counterparty_rows(dice, counterparties),
    ]
