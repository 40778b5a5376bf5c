"""The one queue of this process, open while something is going on that tells."""

from __future__ import annotations

import os
import threading
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from floe_core.telemetry import losses
from floe_core.telemetry.context import SpanContext
from floe_core.telemetry.metrics import Meter
from floe_core.telemetry.queue import Exporter, TelemetryQueue
from floe_core.telemetry.records import Record, Resource, Value


@dataclass
class Subject:
    """Work that is told of: ``whole`` is its own span; ``said`` is what spans below one say, by its id."""

    resource: Resource
    whole: SpanContext
    meter: Meter
    said: dict[str, Mapping[str, Value]] = field(default_factory=dict)

    def common(self, above: SpanContext) -> Mapping[str, Value]:
        """What a span below that one says."""
        return self.said.get(above.span_id) or self.said.get(self.whole.span_id) or {}


_lock = threading.Lock()
_depth = 0
_queue: TelemetryQueue | None = None
_attached: set[Hashable] = set()
_subject: Subject | None = None


@dataclass
class Session:
    """A time in which is told; ``lost`` is known at the end of the outermost one."""

    lost: int = 0


@contextmanager
def session() -> Iterator[Session]:
    """Take what is told inside; at the end of the outermost one hand on what is left, within two seconds."""
    global _depth, _queue
    with _lock:
        _depth += 1
        if _queue is None and not disabled():
            _queue = TelemetryQueue()
    made = Session()
    try:
        yield made
    finally:
        with _lock:
            _depth -= 1
            closing = _queue if _depth == 0 else None
            if closing is not None:
                _queue = None
                _attached.clear()
        if closing is not None:
            closing.close()
            for state_dir, count in closing.take_dropped().items():
                losses.note(state_dir, count)
                made.lost += count


def dropped(state_dir: Path) -> int:
    """How many records about the state exporters did not get since somebody asked, in whichever process."""
    count = losses.take(state_dir)
    if queue := _queue:
        count += queue.take_dropped(state_dir).get(state_dir, 0)
    return count


def disabled() -> bool:
    """Whether the environment says, in OpenTelemetry's own word, that nothing is to be told."""
    return os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"


def offer(record: Record) -> None:
    """Tell; costs microseconds, never waits, never raises. Outside of a session nobody hears it."""
    if queue := _queue:
        queue.offer(record)


def is_open() -> bool:
    """Whether anybody would hear."""
    return _queue is not None


def is_attached(key: Hashable) -> bool:
    """Whether the session has an exporter under that key already, or none at all is wanted."""
    return _queue is None or key in _attached


def attach(key: Hashable, exporters: Sequence[Exporter], state_dir: Path, *, size: int | None = None) -> None:
    """Let the exporters have what is told about the state; a second time under one key is ignored.

    ``size`` is how many records may wait from now on; None leaves that as it is.
    """
    with _lock:
        if _queue is None or key in _attached:
            return
        _attached.add(key)
        if size is not None:
            _queue.size = size
        _queue.attach(exporters, state_dir)


@contextmanager
def about(subject: Subject) -> Iterator[None]:
    """What is told inside, by whichever thread, is about the subject.

    dbt's threads inherit nothing; a process does one such work at a time.
    """
    global _subject
    before, _subject = _subject, subject
    try:
        yield
    finally:
        _subject = before


def subject() -> Subject | None:
    """What this process is at, if anybody would hear of it."""
    return _subject if _queue is not None else None
