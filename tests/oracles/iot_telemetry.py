"""``mart_equipment_health`` told from its documented rules, one machine at a time: no SQL, no engine."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import groupby
from pathlib import Path
from statistics import median
from typing import Any

Row = dict[str, str]

# Names of units, as people and gateways write them, and what makes a value one of the kind's own unit:
# first something is taken away, then the rest is multiplied.
UNITS = {
    "°c": (0, Fraction(1)),
    "c": (0, Fraction(1)),
    "degc": (0, Fraction(1)),
    "°f": (32, Fraction(5, 9)),
    "f": (32, Fraction(5, 9)),
    "degf": (32, Fraction(5, 9)),
    "mm/s": (0, Fraction(1)),
    "in/s": (0, Fraction("25.4")),
    "ips": (0, Fraction("25.4")),
    "bar": (0, Fraction(1)),
    "psi": (0, Fraction("0.0689475729")),
    "kpa": (0, Fraction("0.01")),
    "a": (0, Fraction(1)),
    "rpm": (0, Fraction(1)),
    "1/min": (0, Fraction(1)),
    "u/min": (0, Fraction(1)),
}
KINDS = {"pm": "preventive", "reparatur": "repair", "insp.": "inspection"}


@dataclass
class Probe:
    """A sensor, and when it measured what: in its kind's own unit, oldest first."""

    row: Row
    values: list[tuple[datetime, Fraction]] = field(default_factory=list)
    missing: int = 0
    late: int = 0

    @property
    def monitored(self) -> bool:
        return len(self.values) >= 10


@dataclass(frozen=True)
class Verdict:
    """A reading with its modified z-score and what is wrong with it, if anything is."""

    measured_at: datetime
    value: Decimal
    score: Decimal | None
    anomaly: str | None


@dataclass(frozen=True)
class Order:
    kind: str
    reported_at: datetime
    completed_at: datetime | None


@dataclass(frozen=True)
class Newest:
    """The newest measurement, and the newest thing that happened at all."""

    reading: datetime
    event: datetime


def read_csv(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def mart(seeds: Path, earlier_readings: Iterable[Row] = ()) -> dict[str, dict[str, Any]]:
    """The mart's rows by machine; ``earlier_readings`` were delivered by runs before this one."""
    machines: dict[str, list[Probe]] = {}
    for probe in probes(seeds, earlier_readings):
        machines.setdefault(probe.row["machine_id"], []).append(probe)
    orders = _orders(read_csv(seeds / "raw_maintenance_log.csv"))
    newest = _newest(machines, orders)
    return {
        machine: dict(_figures(machine, own, orders.get(machine, []), newest))
        for machine, own in machines.items()
    }


def probes(seeds: Path, earlier_readings: Iterable[Row] = ()) -> list[Probe]:
    """Every sensor of the register, with what it measured."""
    readings = latest_readings([*earlier_readings, *read_csv(seeds / "raw_readings.csv")])
    known = {row["sensor_id"]: Probe(row) for row in read_csv(seeds / "raw_sensors.csv")}
    for (sensor, measured_at), row in sorted(_by_moment(readings.values()), key=lambda item: item[0]):
        probe, value = known[sensor], _number(row["value"])
        if value is None or value == -999:
            probe.missing += 1
            continue
        unit = _word(row["unit"]) or _word(probe.row["unit"])
        probe.values.append((measured_at, _in_own_unit(value, unit)))
        probe.late += _time(row["received_at"]) - measured_at > timedelta(hours=1)
    return list(known.values())


def latest_readings(rows: Iterable[Row]) -> dict[str, Row]:
    """Of every reading the last arrival; of equal ones the first."""
    latest: dict[str, Row] = {}
    for row in rows:
        known = latest.setdefault(row["reading_id"], row)
        if row["received_at"] > known["received_at"]:
            latest[row["reading_id"]] = row
    return latest


def _by_moment(readings: Iterable[Row]) -> Iterable[tuple[tuple[str, datetime], Row]]:
    """Of every sensor and moment the last arrival, if the gateway knew what time it was."""
    moments: dict[tuple[str, datetime], Row] = {}
    for row in sorted(readings, key=lambda row: (row["received_at"], row["reading_id"])):
        measured_at = _time(row["measured_at"])
        if timedelta() <= _time(row["received_at"]) - measured_at <= timedelta(days=7):
            moments[row["sensor_id"].strip().upper(), measured_at] = row
    return moments.items()


def _orders(log: list[Row]) -> dict[str, list[Order]]:
    orders: dict[str, list[Order]] = {}
    for row in {row["order_id"]: row for row in log}.values():
        kind, reported_at = _word(row["kind"]), _time(row["reported_at"])
        done = _word(row["completed_at"])
        order = Order(KINDS.get(kind, kind), reported_at, max(_time(done), reported_at) if done else None)
        orders.setdefault(row["machine_id"].strip().upper(), []).append(order)
    return orders


def _newest(machines: dict[str, list[Probe]], orders: dict[str, list[Order]]) -> Newest:
    reading = max(at for own in machines.values() for probe in own for at, _ in probe.values)
    book = [order for own in orders.values() for order in own]
    done = [order.completed_at for order in book if order.completed_at]
    return Newest(reading, max([reading, *done, *(order.reported_at for order in book)]))


def metrics(probe: Probe) -> Iterator[tuple[str, Any]]:
    """What is said of the sensor in ``int_sensor_metrics``, fractions as they are."""
    usual, kind = _usual(probe), _word(probe.row["kind"])
    centre = median(usual) if usual else None
    yield "sensor_id", probe.row["sensor_id"]
    yield "kind", {"temp": "temperature", "vib": "vibration", "press": "pressure"}.get(kind, kind)
    yield from zip(("range_low", "range_high"), _range(probe), strict=True)
    yield "readings", len(probe.values)
    yield "missing_readings", probe.missing
    yield "late_readings", probe.late
    yield "last_reading_at", probe.values[-1][0] if probe.values else None
    yield "is_monitored", probe.monitored
    yield "median", centre
    yield "mad", None if centre is None else median(abs(value - centre) for value in usual)
    yield "drift", _drift(probe)
    yield "is_drifting", _drifts(probe)


def verdicts(probe: Probe) -> Iterator[Verdict]:
    """What each of the sensor's readings is to be thought of."""
    low, high = _range(probe)
    flat = _flat(probe)
    usual = _usual(probe)
    centre = median(usual) if usual else Fraction(0)
    spread = median(abs(value - centre) for value in usual) if usual else Fraction(0)
    for place, (measured_at, value) in enumerate(probe.values):
        score = Fraction("0.6745") * (value - centre) / spread if spread else None
        rules = {
            "out of range": not low <= value <= high,
            "flat line": place in flat,
            "outlier": score is not None and abs(score) > Fraction("3.5"),
        }
        anomaly = next((name for name, holds in rules.items() if holds), None)
        yield Verdict(measured_at, _decimal(value), None if score is None else _decimal(score), anomaly)


def _flat(probe: Probe) -> set[int]:
    """The places in unbroken rows of five equal values or more."""
    rows = (list(row) for _, row in groupby(enumerate(probe.values), key=lambda item: item[1][1]))
    return {place for row in rows if len(row) >= 5 for place, _ in row}


def _usual(probe: Probe) -> list[Fraction]:
    """The values that say what is normal: none of a flat line, and all or nothing if fewer than ten."""
    flat = _flat(probe)
    values = [value for place, (_, value) in enumerate(probe.values) if place not in flat]
    return values if len(values) >= 10 else []


def _drift(probe: Probe) -> Fraction | None:
    usual = _usual(probe)
    return median(usual[-5:]) - median(usual[:5]) if usual else None


def _drifts(probe: Probe) -> bool:
    low, high = _range(probe)
    return abs(_drift(probe) or Fraction(0)) > (high - low) / 10


def _range(probe: Probe) -> tuple[Fraction, Fraction]:
    unit = _word(probe.row["unit"])
    low, high = (_number(probe.row[end]) or Fraction(0) for end in ("range_low", "range_high"))
    return _in_own_unit(low, unit), _in_own_unit(high, unit)


def _figures(
    machine: str, probes: list[Probe], orders: list[Order], newest: Newest
) -> Iterator[tuple[str, Any]]:
    row = probes[0].row
    yield "machine_id", machine
    yield "machine_type", _word(row["machine_type"])
    yield from ((column, row[column]) for column in ("maker", "site", "line"))
    mended = [order.completed_at for order in orders if order.completed_at and order.kind != "inspection"]
    last = max(mended, default=None)
    sensing = dict(_sensing(probes, newest))
    judging = dict(_judging(probes, last))
    working = dict(_working(orders, last, newest))
    yield from (sensing | judging | working).items()
    score = _score(sensing, judging, working)
    yield "health_score", score
    urgent = any(order.completed_at is None and order.kind in ("repair", "replacement") for order in orders)
    yield "maintenance_alert", _alert(score, urgent, sensing, judging, working)


def _sensing(probes: list[Probe], newest: Newest) -> Iterator[tuple[str, Any]]:
    monitored = [probe for probe in probes if probe.monitored]
    silence = timedelta(hours=48)
    yield "sensors", len(probes)
    yield "monitored_sensors", len(monitored)
    yield "drifting_sensors", sum(1 for probe in probes if _drifts(probe))
    yield "silent_sensors", sum(1 for probe in monitored if newest.reading - probe.values[-1][0] > silence)
    yield "last_reading_at", max((probe.values[-1][0] for probe in probes if probe.values), default=None)


def _judging(probes: list[Probe], last_maintenance: datetime | None) -> Iterator[tuple[str, Any]]:
    judged = [verdict for probe in probes for verdict in verdicts(probe)]
    wrong = [verdict for verdict in judged if verdict.anomaly]
    kinds = [verdict.anomaly for verdict in wrong]
    since = last_maintenance or datetime.min
    recent = [verdict for verdict in judged if verdict.measured_at > since]
    recent_wrong = sum(1 for verdict in recent if verdict.anomaly)
    yield "readings", len(judged)
    yield "anomalies", len(wrong)
    yield "out_of_range_readings", kinds.count("out of range")
    yield "flat_line_readings", kinds.count("flat line")
    yield "outliers", kinds.count("outlier")
    yield "recent_anomalies", recent_wrong
    yield "recent_anomaly_percent", _decimal(Fraction(100 * recent_wrong, len(recent) or 1))
    yield "last_anomaly_at", max((verdict.measured_at for verdict in wrong), default=None)


def _working(orders: list[Order], last: datetime | None, newest: Newest) -> Iterator[tuple[str, Any]]:
    yield "work_orders", len(orders)
    yield "open_work_orders", sum(1 for order in orders if order.completed_at is None)
    yield "repairs", sum(1 for order in orders if order.kind == "repair")
    yield "services", sum(1 for order in orders if order.kind == "preventive")
    yield "last_maintenance_at", last
    yield "days_since_maintenance", (newest.event.date() - last.date()).days if last else None


def _score(sensing: dict[str, Any], judging: dict[str, Any], working: dict[str, Any]) -> Decimal | None:
    if not sensing["monitored_sensors"]:
        return None
    days = working["days_since_maintenance"]
    lost: list[Decimal] = [
        min(Decimal(40), 4 * judging["recent_anomaly_percent"]),
        Decimal(15 * (sensing["drifting_sensors"] + sensing["silent_sensors"])),
        Decimal(20 if days is None else min(20, max(0, days - 90) // 10)),
    ]
    return max(Decimal("0.00"), Decimal("100.00") - sum(lost))


def _alert(
    score: Decimal | None,
    urgent: bool,
    sensing: dict[str, Any],
    judging: dict[str, Any],
    working: dict[str, Any],
) -> str:
    days = working["days_since_maintenance"]
    noticed = judging["recent_anomalies"] + sensing["drifting_sensors"] + sensing["silent_sensors"]
    rules = {
        "urgent": urgent or (score is not None and score < 50),
        "due": (score is not None and score < 75) or days is None or days > 180,
        "watch": noticed > 0,
        "none": True,
    }
    return next(level for level, holds in rules.items() if holds)


def _word(text: str) -> str:
    """What was meant by a typed word; nothing for what the exports write when they mean nothing."""
    word = text.strip().lower()
    return "" if word == "n/a" else word


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _number(text: str) -> Fraction | None:
    word = _word(text)
    return None if word in ("", "nan") else Fraction(word.replace(",", "."))


def _in_own_unit(value: Fraction, unit: str) -> Fraction:
    zero, factor = UNITS[unit]
    return Fraction(_decimal((value - zero) * factor))


def _decimal(number: Fraction) -> Decimal:
    """``number`` to two decimals, halves away from zero."""
    hundredths = int(abs(number) * 100 + Fraction(1, 2))
    return Decimal(-hundredths if number < 0 else hundredths).scaleb(-2)
