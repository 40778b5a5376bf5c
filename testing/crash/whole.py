"""All points of one operation, in a lake of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from testing.crash.shim import built
from testing.crash.sweep import Tally, left_over, points_of, sweep
from testing.crash.victim import victim_in

STRIDES = {"kill": 1, "tear": 2, "power": 2}
STRIDES |= {"ENOSPC": 3, "EIO": 3, "EIO once": 3, "EMFILE": 4, "EIO reading": 6}
_AT_A_TIME = 25  # tries, before what they left is removed


def swept(operation: str, seed: int, every: int = 1) -> list[tuple[str, Tally]]:
    """What came of it, by ending, of every n-th of the points; the seed shifts which of them are tried."""
    tallies = []
    with tempfile.TemporaryDirectory(prefix="floe-crash-") as name:
        folder = Path(name)
        with victim_in(folder, built(folder), seed) as victim:
            for ending, dense in STRIDES.items():
                tally, stride = Tally(), dense * every
                points = range(1 + seed % stride, points_of(victim, operation, ending) + 1, stride)
                for some in _some_at_a_time(points):
                    tally += sweep(victim, operation, ending, some)
                    victim.attempt("overwrite")  # few rows and few files again
                    tally.complaints += left_over(victim)
                tallies.append((f"{operation:14} {ending:9}", tally))
    return tallies


def _some_at_a_time(points: range) -> Iterator[range]:
    for start in range(0, len(points), _AT_A_TIME):
        yield points[start : start + _AT_A_TIME]
