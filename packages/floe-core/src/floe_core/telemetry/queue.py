"""One bounded queue and one thread between those who tell and those who export."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Protocol

from floe_core.telemetry.encodable import encodable
from floe_core.telemetry.records import Record
from floe_core.telemetry.redaction import Redactor

DEFAULT_SIZE = 5_000
BUDGET_S = 1.5  # of the two seconds that an exit may take, on a machine that is busy, too
_BATCH = 512
_PAUSE_S = 0.25
EXPORT_S = 1.0  # that a receiver may take for a batch
_BACKOFF_S = (0.5, 1.0, 2.0, 5.0, 10.0)


class TryLater(Exception):
    """The receiver is away or busy: the same records are offered to it again."""


class Refused(Exception):
    """The receiver will never take these records, or ``count`` of them."""

    def __init__(self, reason: str, count: int | None = None) -> None:
        super().__init__(reason)
        self.count = count


class NotAllowed(Refused):
    """The receiver does not let floe in."""


class Exporter(Protocol):
    """Hands records on to where they are kept."""

    def wants(self, record: Record) -> bool:
        """Whether it is for records of this kind."""

    def export(self, records: Sequence[Record], timeout_s: float) -> None:
        """Hand them on in order, within ``timeout_s``; raises TryLater or Refused."""

    def close(self) -> None: ...


@dataclass
class Lane:
    """One exporter's way through the queue: ``next`` is the number of the first record it has not had."""

    exporter: Exporter
    state_dir: Path
    next: int
    dropped: int = 0
    failures: int = 0
    asleep_until: float = 0.0
    in_flight: int = 0

    def fits(self, record: Record) -> bool:
        return self.exporter.wants(record) and record.resource.state_dir == self.state_dir


class TelemetryQueue:
    """Holds what was told until every exporter has had it; forgets the oldest when it is full."""

    def __init__(self, size: int = DEFAULT_SIZE) -> None:
        self.size = size
        self._records: deque[Record] = deque()
        self._first = 0
        self._lanes: list[Lane] = []
        self._lock = threading.RLock()  # a record may be offered by what interrupts an offer
        self._wake = threading.Event()
        self._closing = False
        self._deadline = float("inf")
        self._thread: threading.Thread | None = None

    def attach(self, exporters: Iterable[Exporter], state_dir: Path) -> None:
        """Let them have what is told about that state from the oldest record there is.

        Attached one by one the first could have it, and with that it is gone, before the last is there.
        """
        with self._lock:
            self._lanes += [Lane(exporter, state_dir, self._first) for exporter in exporters]
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="floe-telemetry", daemon=True)
                self._thread.start()

    def offer(self, record: Record) -> None:
        """Take the record; never waits and never raises."""
        with self._lock:
            self._records.append(record)
            if len(self._records) > self.size:
                self._forget_oldest()
            half_full = len(self._records) * 2 >= self.size
        if half_full:
            self._wake.set()

    @property
    def dropped(self) -> int:
        """How many records some exporter did not get, counted once for each."""
        return sum(lane.dropped for lane in self._lanes)

    def take_dropped(self, of: Path | None = None) -> dict[Path, int]:
        """The same by state, of one or of all, and forgotten afterwards."""
        taken: dict[Path, int] = {}
        with self._lock:
            for lane in self._lanes:
                if lane.dropped and of in (None, lane.state_dir):
                    taken[lane.state_dir] = taken.get(lane.state_dir, 0) + lane.dropped
                    lane.dropped = 0
        return taken

    def close(self, budget_s: float | None = None) -> int:
        """Hand on what there is for as long as the budget lasts; returns how many records are lost."""
        budget_s = BUDGET_S if budget_s is None else budget_s
        self._deadline = time.monotonic() + budget_s
        self._closing = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(budget_s)
        with self._lock:
            for lane in self._lanes:
                lane.dropped += lane.in_flight + sum(map(lane.fits, self._after(lane)))
                lane.in_flight = 0
                lane.next = self._first + len(self._records)
            self._records.clear()
        return self.dropped

    def _forget_oldest(self) -> None:
        record = self._records.popleft()
        for lane in self._lanes:
            if lane.next <= self._first:
                lane.dropped += lane.fits(record)
                lane.next = self._first + 1
        self._first += 1

    def _after(self, lane: Lane) -> islice[Record]:
        return islice(self._records, max(lane.next - self._first, 0), None)

    def _work(self) -> None:
        while True:
            self._wake.wait(_PAUSE_S)
            self._wake.clear()
            closing = self._closing  # what was under way when the end began did not have its last chance
            idle = not self._pass(closing)
            if closing and (idle or time.monotonic() >= self._deadline):
                break
            if not idle:
                self._wake.set()
        for lane in self._lanes:
            _quietly_closed(lane.exporter)

    def _pass(self, closing: bool) -> bool:
        """Give each exporter its next batch; whether any of them may have more to do now."""
        busy = [self._serve(lane, closing) for lane in tuple(self._lanes)]
        return any(busy)

    def _serve(self, lane: Lane, closing: bool) -> bool:
        now = time.monotonic()
        may_be_back = closing and lane.asleep_until < float("inf")  # at the end it is asked once more
        if lane.asleep_until > now and not may_be_back:
            return False
        number, seen, batch = self._claim(lane)
        if not seen:
            return False
        timeout_s = self._timeout(now)
        try:
            if batch:
                redactor = Redactor()
                lane.exporter.export([encodable(redactor.record(record)) for record in batch], timeout_s)
                lane.failures = 0
        except TryLater:
            self._give_back(lane, number, seen)
            # whoever lets a request lie is not asked again while somebody waits for the end
            lay = self._closing and time.monotonic() > now + timeout_s / 2
            self._rest(lane, now, closing or lay)
            return False
        except Exception as error:  # noqa: BLE001 - whatever an exporter meets, the run goes on
            lost = error.count if isinstance(error, Refused) else None
            lane.failures = 0
            self._settle(lane, lost=lane.in_flight if lost is None else lost)
        else:
            self._settle(lane, lost=0)
        return True

    def _claim(self, lane: Lane) -> tuple[int, list[Record], list[Record]]:
        """The next records, which of them fit, and the first one's number.

        What is forgotten from now on is not lost. Who was away is asked with one record whether it is back:
        to write many for nobody would cost the run.
        """
        seen, batch = list[Record](), list[Record]()
        most = 1 if lane.failures else _BATCH
        with self._lock:
            number = max(lane.next, self._first)
            for record in islice(self._after(lane), _BATCH):
                seen.append(record)
                if lane.fits(record):
                    batch.append(record)
                    if len(batch) == most:
                        break
            lane.next = number + len(seen)
            lane.in_flight = len(batch)
        return number, seen, batch

    def _give_back(self, lane: Lane, number: int, seen: Sequence[Record]) -> None:
        with self._lock:
            forgotten = max(self._first - number, 0)
            lane.dropped += sum(map(lane.fits, seen[:forgotten]))
            lane.next, lane.in_flight = number + forgotten, 0

    def _settle(self, lane: Lane, *, lost: int) -> None:
        """The batch is out of the way, and with it what every exporter has had."""
        with self._lock:
            lane.dropped += lost
            lane.in_flight = 0
            done = min(each.next for each in self._lanes)
            while self._first < done and self._records:
                self._records.popleft()
                self._first += 1

    def _timeout(self, now: float) -> float:
        return max(min(EXPORT_S, self._deadline - now), 0.05)

    def _rest(self, lane: Lane, now: float, closing: bool) -> None:
        if closing:
            lane.asleep_until = float("inf")
            return
        lane.asleep_until = now + _BACKOFF_S[min(lane.failures, len(_BACKOFF_S) - 1)]
        lane.failures += 1


def _quietly_closed(exporter: Exporter) -> None:
    try:
        exporter.close()
    except Exception:  # noqa: BLE001 - nobody is left to hear it
        return
