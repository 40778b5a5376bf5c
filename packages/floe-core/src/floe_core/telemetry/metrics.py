"""The metrics of a run: what was added since it began, and what holds at its end.

Counters and histograms are deltas, so that those of many short processes add up. Names and units follow
OpenTelemetry; Prometheus shows ``floe.run.duration`` in s as ``floe_run_duration_seconds``, and the counter
``floe.models`` as ``floe_models_total``.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Literal

from floe_core.telemetry.records import Distribution, Point, Resource, Value

_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0)


@dataclass(frozen=True)
class Instrument:
    """A metric: its name, its unit, what kind it is, and the part of floe that measures it."""

    name: str
    unit: str
    kind: Literal["counter", "gauge", "histogram"]
    scope: str = "floe"


RUN_DURATION = Instrument("floe.run.duration", "s", "histogram")
RUNS = Instrument("floe.runs", "{run}", "counter")
MODELS = Instrument("floe.models", "{model}", "counter")
TESTS = Instrument("floe.tests", "{test}", "counter")
ROWS = Instrument("floe.rows.written", "{row}", "counter", "floe.iceberg")
COMMIT_DURATION = Instrument("floe.commit.duration", "s", "histogram", "floe.iceberg")
TABLE_BYTES = Instrument("floe.table.size", "By", "gauge", "floe.iceberg")
TABLE_ROWS = Instrument("floe.table.rows", "{row}", "gauge", "floe.iceberg")
TABLE_SNAPSHOTS = Instrument("floe.table.snapshots", "{snapshot}", "gauge", "floe.iceberg")
TABLE_PUBLISHED = Instrument("floe.table.published.timestamp", "s", "gauge", "floe.iceberg")
LINEAGE_EVENTS = Instrument("floe.lineage.events", "{event}", "counter", "floe.lineage")
DROPPED = Instrument("floe.telemetry.dropped", "{record}", "counter", "floe.telemetry")

_Key = tuple[Instrument, tuple[tuple[str, Value], ...]]


@dataclass
class Meter:
    """Adds up what one piece of work measures; safe to use from several threads."""

    common: Mapping[str, Value]
    start_ns: int = field(default_factory=time.time_ns)
    _numbers: dict[_Key, int | float] = field(default_factory=dict)
    _measured: dict[_Key, list[float]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def add(self, instrument: Instrument, amount: int, **attributes: Value) -> None:
        """Count."""
        key = self._key(instrument, attributes)
        with self._lock:
            self._numbers[key] = self._numbers.get(key, 0) + amount

    def set(self, instrument: Instrument, value: int | float, **attributes: Value) -> None:
        """Say what it is now."""
        with self._lock:
            self._numbers[self._key(instrument, attributes)] = value

    def record(self, instrument: Instrument, value: float, **attributes: Value) -> None:
        """Take one measurement."""
        with self._lock:
            self._measured.setdefault(self._key(instrument, attributes), []).append(value)

    def points(self, resource: Resource) -> Iterator[Point]:
        """Everything there is, as of now."""
        now = time.time_ns()
        values: dict[_Key, int | float | Distribution] = dict(self._numbers)
        values |= {key: distribution_of(measured) for key, measured in self._measured.items()}
        for (instrument, attributes), value in values.items():
            yield Point(
                instrument.name,
                instrument.unit,
                instrument.kind,
                value,
                self.start_ns,
                now,
                resource,
                dict(attributes),
                instrument.scope,
            )

    def _key(self, instrument: Instrument, attributes: Mapping[str, Value]) -> _Key:
        return instrument, tuple(sorted({**self.common, **attributes}.items()))


def distribution_of(values: list[float], bounds: tuple[float, ...] = _SECONDS) -> Distribution:
    """How many of the values lie at or below each bound and above the one before."""
    counts = [0] * (len(bounds) + 1)
    for value in values:
        counts[bisect_left(bounds, value)] += 1
    return Distribution(bounds, tuple(counts), sum(values))
