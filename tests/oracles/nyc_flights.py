"""Two answers of ``examples/nyc-flights`` told from the CSVs, one flight at a time: no SQL, no engine."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache
from operator import itemgetter
from pathlib import Path
from sys import intern
from typing import Any, NamedTuple

from tests.oracles.exact import decimal

_COLUMNS = (
    "year", "month", "day", "time_hour", "origin", "carrier", "dep_time", "dep_delay", "arr_delay",
)  # fmt: skip
Answer = dict[tuple[Any, ...], dict[str, Any]]


class Flight(NamedTuple):
    """What the questions need of a line of flights.csv; delays in minutes, None where it says NA."""

    day: date
    hour: str
    origin: str
    carrier: str
    left: bool
    departure_delay: int | None
    arrival_delay: int | None


def flights(path: Path) -> Iterator[Flight]:
    with path.open(encoding="utf-8", newline="") as file:
        lines = csv.reader(file)
        wanted = itemgetter(*map(next(lines).index, _COLUMNS))
        for line in lines:
            year, month, day, hour, origin, carrier, left, departure, arrival = wanted(line)
            yield Flight(
                _day(year, month, day),
                intern(hour),
                intern(origin),
                intern(carrier),
                left != "NA",
                _whole(departure),
                _whole(arrival),
            )


@cache
def _day(year: str, month: str, day: str) -> date:
    return date(int(year), int(month), int(day))


def delays_by_carrier_and_month(flown: Iterable[Flight], data: Path) -> Answer:
    names = {row["carrier"]: row["name"] for row in _rows(data / "airlines.csv")}
    groups: dict[tuple[str, date], list[Flight]] = defaultdict(list)
    for flight in flown:
        groups[flight.carrier, flight.day.replace(day=1)].append(flight)
    return {
        (carrier, month): dict(_of_carrier(names[carrier], group))
        for (carrier, month), group in groups.items()
    }


def _of_carrier(name: str, group: list[Flight]) -> Iterator[tuple[str, Any]]:
    departures = [flight.departure_delay for flight in group if flight.departure_delay is not None]
    arrivals = [flight.arrival_delay for flight in group if flight.arrival_delay is not None]
    yield "airline", name
    yield "flights", len(group)
    yield "cancelled", sum(not flight.left for flight in group)
    yield "diverted", sum(flight.left and flight.arrival_delay is None for flight in group)
    yield "average_departure_delay", _ratio(sum(departures), len(departures))
    yield "average_arrival_delay", _ratio(sum(arrivals), len(arrivals))
    yield "worst_arrival_delay", max(arrivals, default=None)
    yield "late_percent", _ratio(100 * sum(delay >= 15 for delay in arrivals), len(arrivals))


def delays_by_weather(flown: Iterable[Flight], data: Path) -> Answer:
    reports = {(row["origin"], row["time_hour"]): _conditions(row) for row in _rows(data / "weather.csv")}
    groups: dict[tuple[str, str], list[Flight]] = defaultdict(list)
    for flight in flown:
        groups[flight.origin, reports.get((flight.origin, flight.hour), "not observed")].append(flight)
    return {key: dict(_in_weather(group)) for key, group in groups.items()}


def _conditions(report: dict[str, str]) -> str:
    rain, seen = float(report["precip"]), float(report["visib"])
    winds = [float(report[kind]) for kind in ("wind_speed", "wind_gust") if report[kind] != "NA"]
    freezing = report["temp"] != "NA" and float(report["temp"]) <= 32
    rules = {
        "snow or ice": rain > 0 and freezing,
        "fog": seen < 1,
        "heavy rain": rain >= 0.1,
        "rain": rain > 0,
        "wind": any(30 <= wind < 200 for wind in winds),
        "fair": True,
    }
    return next(name for name, holds in rules.items() if holds)


def _in_weather(group: list[Flight]) -> Iterator[tuple[str, Any]]:
    delays = [flight.departure_delay for flight in group if flight.departure_delay is not None]
    cancelled = sum(not flight.left for flight in group)
    yield "flights", len(group)
    yield "hours", len({flight.hour for flight in group})
    yield "cancelled", cancelled
    yield "cancelled_percent", _ratio(100 * cancelled, len(group))
    yield "average_departure_delay", _ratio(sum(delays), len(delays))
    yield "late_percent", _ratio(100 * sum(delay >= 15 for delay in delays), len(delays))


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _whole(text: str) -> int | None:
    return None if text == "NA" else int(text)


def _ratio(total: int, count: int) -> Decimal | None:
    return decimal(Fraction(total, count), 2) if count else None
