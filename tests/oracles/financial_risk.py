"""financial-risk's tables told from their documented rules, a holding at a time: no SQL, no engine.

Sums, means and ratios are fractions and so exact, square roots have fifty digits.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.oracles.exact import covariance, decimal, nearest, root, total
from tests.oracles.financial_book import Book, Key, Position
from tests.oracles.financial_exposure import TIER1, counterparty_exposure

Z = {"95": Fraction("1.645"), "99": Fraction("2.326")}


def mart(book: Book) -> dict[str, dict[str, Any]]:
    """mart_risk_dashboard by portfolio."""
    holdings, exposures = portfolio_risk(book), counterparty_exposure(book)
    return {
        portfolio: dict(
            _dashboard(
                portfolio,
                {key[1]: row for key, row in holdings.items() if key[0] == portfolio},
                {key[1]: row for key, row in exposures.items() if key[0] == portfolio},
            )
        )
        for portfolio in {key[0] for key in holdings}
    }


def _dashboard(
    portfolio: str, holdings: Mapping[str, dict[str, Any]], exposures: Mapping[str, dict[str, Any]]
) -> Iterator[tuple[str, Any]]:
    def held(column: str) -> Any:
        return sum(row[column] for row in holdings.values() if row[column] is not None)

    def owed(column: str) -> Any:
        return sum(row[column] for row in exposures.values())

    gross = held("long_market_value_eur") - held("short_market_value_eur")
    var_99 = held("component_var_99_eur")
    ten_days = decimal(root(Fraction(10)) * Fraction(var_99), 2)
    credit = decimal(Fraction("0.08") * Fraction(owed("risk_weighted_exposure_eur")), 2)
    sizes = {name: Fraction(abs(row["market_value_eur"])) for name, row in holdings.items()}
    debts = {name: Fraction(row["net_exposure_eur"]) for name, row in exposures.items()}
    biggest, share = _biggest(sizes)
    debtor, debtor_share = _biggest(debts)
    var_share = decimal(Fraction(var_99) / Fraction(gross), 6)
    yield "portfolio_id", portfolio
    yield "desk", next(iter(holdings.values()))["desk"]
    yield "report_date", next(iter(holdings.values()))["report_date"]
    yield "risk_status", _status(var_share, share)
    yield "total_positions", held("position_count")
    yield "instruments", len(holdings)
    yield "unpriced_instruments", sum(not row["is_priced"] for row in holdings.values())
    yield "stale_instruments", sum(row["is_stale"] for row in holdings.values())
    yield "long_market_value_eur", held("long_market_value_eur")
    yield "short_market_value_eur", held("short_market_value_eur")
    yield "net_market_value_eur", held("market_value_eur")
    yield "gross_market_value_eur", gross
    yield "unrealised_pnl_eur", held("unrealised_pnl_eur")
    yield "var_95_eur", held("component_var_95_eur")
    yield "var_99_eur", var_99
    yield "var_99_share", var_share
    yield "diversification_benefit_eur", held("var_99_eur") - var_99
    yield "historical_var_95_eur", max(held("component_historical_var_95_eur"), 0)
    yield "historical_var_99_eur", max(held("component_historical_var_99_eur"), 0)
    yield "expected_shortfall_eur", max(held("component_expected_shortfall_eur"), 0)
    yield "largest_instrument_id", biggest
    yield "largest_instrument_share", share
    yield "instrument_concentration", _herfindahl(sizes)
    yield "counterparties", len(exposures)
    yield "gross_exposure_eur", owed("gross_exposure_eur")
    yield "net_exposure_eur", owed("net_exposure_eur")
    yield "largest_counterparty_id", debtor
    yield "largest_counterparty_share", debtor_share
    yield "counterparty_concentration", _herfindahl(debts)
    yield "large_exposures", owed("is_large_exposure")
    yield (
        "large_exposure_eur",
        sum(row["net_exposure_eur"] * row["is_large_exposure"] for row in exposures.values()),
    )
    yield "limit_breaches", owed("exceeds_limit")
    yield "counterparties_without_lei", sum(not row["has_valid_lei"] for row in exposures.values())
    yield "risk_weighted_exposure_eur", owed("risk_weighted_exposure_eur")
    yield "credit_risk_capital_eur", credit
    yield "ten_day_var_99_eur", ten_days
    yield "market_risk_capital_eur", 3 * ten_days
    yield "capital_share_of_tier1", decimal(Fraction(3 * ten_days + credit) / TIER1, 6)


def _status(var_share: Decimal, largest: Decimal | None) -> str:
    largest = largest or Decimal()
    if var_share > Decimal("0.02") or largest > Decimal("0.6"):
        return "red"
    return "amber" if var_share > Decimal("0.015") or largest > Decimal("0.4") else "green"


def _biggest(amounts: Mapping[str, Fraction]) -> tuple[str | None, Decimal | None]:
    """Whose amount is the largest, and its share of all."""
    name = min(amounts, key=lambda name: (-amounts[name], name), default=None)
    return name, None if name is None else decimal(amounts[name] / total(amounts.values()), 6)


def _herfindahl(amounts: Mapping[str, Fraction]) -> int | None:
    whole = total(amounts.values())
    return (
        int(nearest(10_000 * total((part / whole) ** 2 for part in amounts.values()), 0)) if whole else None
    )


def portfolio_risk(book: Book) -> dict[Key, dict[str, Any]]:
    """int_portfolio_risk by portfolio and instrument."""
    held: dict[Key, list[Position]] = defaultdict(list)
    for position in book.positions:
        held[position.portfolio, position.instrument].append(position)
    gains = {key: book.gains(key[1], total(position.value for position in held[key])) for key in held}
    return {
        key: {
            "portfolio_id": key[0],
            "instrument_id": key[1],
            **dict(_holding(book, positions)),
            **dict(_components(gains[key], [gains[other] for other in held if other[0] == key[0]])),
        }
        for key, positions in held.items()
    }


def _holding(book: Book, positions: list[Position]) -> Iterator[tuple[str, Any]]:
    first, quote = positions[0], book.quotes.get(positions[0].instrument)
    values = [position.value for position in positions]
    returns = list(book.returns.get(first.instrument, {}).values())
    volatility = decimal(root(covariance(returns, returns)), 8) if len(returns) > 1 else None
    yield "desk", min(position.desk for position in positions)
    yield "ticker", quote.ticker if quote else None
    yield "asset_class", first.asset_class
    yield "sector", quote.sector if quote else "unlisted"
    yield "position_count", len(positions)
    yield "last_close_date", quote.days[-1] if quote else None
    yield "is_priced", quote is not None
    yield "is_stale", quote is not None and book.calendar[-1] - quote.days[-1] > timedelta(days=5)
    yield "report_date", book.calendar[-1]
    yield "long_market_value_eur", decimal(total(value for value in values if value > 0), 2)
    yield "short_market_value_eur", decimal(total(value for value in values if value < 0), 2)
    yield "market_value_eur", decimal(total(values), 2)
    yield "unrealised_pnl_eur", decimal(total(position.gain for position in positions), 2)
    yield "return_count", len(returns)
    yield "daily_volatility", volatility
    for level, z in Z.items():
        alone = None if volatility is None else decimal(z * Fraction(volatility) * abs(total(values)), 2)
        yield f"var_{level}_eur", alone


def _components(own: list[Fraction], all_gains: list[list[Fraction]]) -> Iterator[tuple[str, Any]]:
    """The holding's parts in the risk of a portfolio whose holdings gained ``all_gains``."""
    portfolio = [total(day) for day in zip(*all_gains, strict=True)]
    worst = sorted(range(len(own)), key=lambda day: (portfolio[day], day))
    variance = covariance(portfolio, portfolio)
    deviation = covariance(own, portfolio) / root(variance) if variance else Fraction()
    for level, z in Z.items():
        yield f"component_var_{level}_eur", decimal(z * deviation, 2)
        day = worst[len(own) * (100 - int(level)) // 100]
        yield f"component_historical_var_{level}_eur", decimal(-own[day], 2)
    tail = worst[: -(-len(own) * 25 // 1000)]
    yield "component_expected_shortfall_eur", decimal(-total(own[day] for day in tail) / len(tail), 2)
