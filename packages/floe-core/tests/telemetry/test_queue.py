"""Telemetry waits in one bounded queue, and nobody waits for telemetry."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pytest

from floe_core import telemetry
from floe_core.telemetry import (
    Exporter,
    LogLine,
    Record,
    Refused,
    Resource,
    Span,
    SpanContext,
    TelemetryQueue,
    TryLater,
)
from testing.polling import wait_for

HERE = Path("/somewhere/.floe")
SHOP = Resource("shop", "dev", "platform", "1.0.0", HERE)


def spans(count: int, resource: Resource = SHOP) -> Iterator[Span]:
    for number in range(count):
        yield Span(SpanContext("a" * 32, f"{number + 1:016x}"), None, "model", 1, 2, resource)


class Kept:
    """An exporter that keeps everything, once it is let go; ``raises`` is what its first calls do."""

    def __init__(self, raises: Sequence[Exception] = (), *, held: bool = False) -> None:
        self.records: list[Record] = []
        self.begun, self.go = threading.Event(), threading.Event()
        self._raises = list(raises)
        if not held:
            self.go.set()

    def wants(self, record: Record) -> bool:
        return isinstance(record, Span)

    def export(self, records: Sequence[Record], timeout_s: float) -> None:
        self.begun.set()
        self.go.wait()
        if self._raises:
            raise self._raises.pop(0)
        self.records += records

    def close(self) -> None:
        return


def numbers(exporter: Kept) -> list[int]:
    return [int(each.context.span_id, 16) for each in exporter.records if isinstance(each, Span)]


def queue_of(*exporters: Exporter, size: int = 100) -> TelemetryQueue:
    queue = TelemetryQueue(size)
    queue.attach(exporters, HERE)
    return queue


def offer_at_once(queue: TelemetryQueue, records: Iterable[Record]) -> None:
    """No exporter is asked before all of them are there: a batch of them has them all."""
    with queue._lock:
        for record in records:
            queue.offer(record)


@pytest.mark.requirement("FR-046")
def test_every_exporter_gets_every_record_of_its_kind_in_order() -> None:
    first, second = Kept(), Kept()
    queue = queue_of(first, second)
    for span in spans(50):
        queue.offer(span)
    queue.offer(LogLine(1, "info", "x", "not for those who keep spans", SHOP))
    assert queue.close() == 0
    assert numbers(first) == numbers(second) == list(range(1, 51))


@pytest.mark.requirement("FR-046")
def test_a_full_queue_forgets_the_oldest_and_counts_them() -> None:
    slow = Kept(held=True)
    queue = queue_of(slow, size=10)
    offered = spans(1_000)
    queue.offer(next(offered))
    assert slow.begun.wait(120)  # it has the first one, and is at it
    for span in offered:
        queue.offer(span)
    assert queue.dropped == 989
    slow.go.set()
    assert queue.close() == 989
    assert numbers(slow) == [1, *range(991, 1001)]


@pytest.mark.requirement("FR-046")
def test_what_hangs_is_left_behind_and_what_it_had_is_counted() -> None:
    hanging, well = Kept(held=True), Kept()
    queue = queue_of(well, hanging, size=5_000)
    for span in spans(600):
        queue.offer(span)
    assert hanging.begun.wait(120)
    assert queue.close(budget_s=0.2) == 600 + 600 - len(well.records)
    hanging.go.set()


@pytest.mark.requirement("FR-046")
def test_records_come_again_to_one_that_was_away_and_not_to_one_that_refused() -> None:
    away, refusing = Kept([TryLater("busy")]), Kept([Refused("never"), Refused("two of them", 2)])
    queue = queue_of(away, refusing, size=5_000)
    offer_at_once(queue, spans(3))
    wait_for(lambda: queue.dropped == 3)
    offer_at_once(queue, spans(3))
    assert queue.close() == 5
    assert numbers(away) == [1, 2, 3, 1, 2, 3]
    assert refusing.records == []


@pytest.mark.requirement("FR-046")
def test_one_that_fails_while_the_end_begins_is_asked_once_more() -> None:
    away = Kept([TryLater("away")], held=True)
    queue = queue_of(away)
    for span in spans(3):
        queue.offer(span)
    assert away.begun.wait(120)
    closing = threading.Thread(target=queue.close, kwargs={"budget_s": 120})
    closing.start()
    wait_for(lambda: queue._closing)
    away.go.set()
    closing.join()
    assert numbers(away) == [1, 2, 3]
    assert queue.dropped == 0


@pytest.mark.requirement("FR-046")
def test_an_exporter_that_breaks_hurts_neither_the_others_nor_the_work() -> None:
    broken, well = Kept([ZeroDivisionError(), MemoryError()]), Kept()
    queue = queue_of(broken, well)
    for span in spans(20):
        queue.offer(span)
    queue.close()
    assert numbers(well) == list(range(1, 21))


@pytest.mark.requirement("FR-046")
def test_what_is_told_of_one_platform_stays_with_its_exporters() -> None:
    here, there = Kept(), Kept()
    queue = queue_of(here)
    queue.attach([there], Path("/elsewhere/.floe"))
    for span in spans(3):
        queue.offer(span)
    assert queue.close() == 0
    assert (numbers(here), numbers(there)) == ([1, 2, 3], [])


@pytest.mark.requirement("FR-046")
def test_what_was_told_before_they_came_is_for_all_who_come_together() -> None:
    first, second = Kept(), Kept()

    def coming() -> Iterator[Kept]:
        yield first
        first.begun.wait(1)  # as long as it takes one that is asked at once to have it all
        yield second

    queue = TelemetryQueue()
    for span in spans(3):
        queue.offer(span)
    queue.attach(coming(), HERE)
    assert queue.close() == 0
    assert numbers(first) == numbers(second) == [1, 2, 3]


@pytest.mark.requirement("FR-046")
def test_outside_of_a_session_nobody_hears_and_sessions_nest(tmp_path: Path) -> None:
    resource, kept = Resource("shop", "dev", "platform", "1.0.0", tmp_path), Kept()
    before, first, second, third, after = spans(5, resource)
    telemetry.offer(before)
    with telemetry.session():
        telemetry.offer(first)
        with telemetry.session():
            telemetry.attach("key", [kept], tmp_path)
            telemetry.attach("key", [Kept(held=True)], tmp_path)
            telemetry.offer(second)
        telemetry.offer(third)
    telemetry.offer(after)
    assert numbers(kept) == [2, 3, 4]


@pytest.mark.requirement("FR-046")
def test_what_one_process_lost_the_next_one_tells(tmp_path: Path) -> None:
    resource = Resource("shop", "dev", "platform", "1.0.0", tmp_path)
    for _ in range(2):
        with telemetry.session():
            for span in spans(7, resource):
                telemetry.offer(span)
            telemetry.attach("key", [Kept([Refused("never")])], tmp_path)
    assert telemetry.dropped(tmp_path) == 14
    assert telemetry.dropped(tmp_path) == 0


@pytest.mark.requirement("FR-046")
def test_the_environment_can_say_that_nothing_is_to_be_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    resource, kept = Resource("shop", "dev", "platform", "1.0.0", tmp_path), Kept()
    with telemetry.session():
        telemetry.attach("key", [kept], tmp_path)
        for span in spans(3, resource):
            telemetry.offer(span)
    assert kept.records == []


MANY = """
import resource, sys, threading
from pathlib import Path
from floe_core.telemetry import Resource, Span, SpanContext, TelemetryQueue

class Hangs:
    wants = lambda self, record: True
    export = lambda self, records, timeout_s: threading.Event().wait()
    close = lambda self: None

queue, shop = TelemetryQueue(5_000), Resource("shop", "dev", "p", "1", Path("/x"))
queue.attach([Hangs()], Path("/x"))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for number in range(100_000):
    said = {"model_name": f"model_{number}", "floe.rows": number, "error": "x" * 200 + str(number)}
    queue.offer(Span(SpanContext("a" * 32, f"{number:016x}"), None, "model", number, number, shop, said))
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print((after - before) // 1024, queue.close(0.1))
"""


@pytest.mark.requirement("FR-046")
def test_a_hundred_thousand_events_nobody_takes_need_less_than_50_mib() -> None:
    done = subprocess.run([sys.executable, "-c", MANY], capture_output=True, text=True, check=True)
    mebibytes, dropped = map(int, done.stdout.split())
    assert mebibytes <= 50
    assert dropped == 100_000
