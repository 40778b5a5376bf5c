"""What telemetry consists of: plain values, encoded only where they leave."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from floe_core.telemetry.context import SpanContext

Value = str | int | float | bool
Level = Literal["debug", "info", "warning", "error", "critical"]


@dataclass(frozen=True, slots=True)
class Resource:
    """Who tells. ``state_dir`` says whose exporters are meant; it is never sent."""

    product: str
    environment: str
    platform: str
    version: str
    state_dir: Path

    @property
    def service(self) -> str:
        return f"floe-{self.product}"


@dataclass(frozen=True, slots=True)
class Span:
    """Something that took time; times are nanoseconds since the epoch.

    ``error`` is why it failed, None when it did not. ``scope`` is the tracer, the part of floe that tells.
    """

    context: SpanContext
    parent_id: str | None
    name: str
    start_ns: int
    end_ns: int
    resource: Resource
    attributes: Mapping[str, Value] = field(default_factory=dict)
    error: str | None = None
    links: tuple[SpanContext, ...] = ()
    scope: str = "floe"


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of a log, with the span it was said in."""

    time_ns: int
    level: Level
    logger: str
    message: str
    resource: Resource
    context: SpanContext | None = None
    attributes: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Distribution:
    """How many values fell below each bound, the last count being those above all."""

    bounds: tuple[float, ...]
    counts: tuple[int, ...]
    sum: float


@dataclass(frozen=True, slots=True)
class Point:
    """A metric's value: what was added since ``start_ns``, or what it is at ``time_ns`` for a gauge."""

    name: str
    unit: str
    kind: Literal["counter", "gauge", "histogram"]
    value: int | float | Distribution
    start_ns: int
    time_ns: int
    resource: Resource
    attributes: Mapping[str, Value] = field(default_factory=dict)
    scope: str = "floe"


@dataclass(frozen=True)
class LineageEvent:
    """An OpenLineage event as the JSON it is."""

    body: Mapping[str, Any]
    resource: Resource

    @cached_property
    def text(self) -> str:
        """The event as it is sent."""
        return json.dumps(self.body, ensure_ascii=False)


Record = Span | LogLine | Point | LineageEvent
