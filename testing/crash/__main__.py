"""The whole sweep: ``python -m testing.crash [--seed N] [OPERATION ...]``, on two cores.

Every operation is killed at every point; for the other endings every second, third or fourth point is tried,
another one with each seed.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from itertools import product
from multiprocessing import get_context
from pathlib import Path

from testing.crash.operations import OPERATIONS
from testing.crash.shim import built
from testing.crash.sweep import Tally, left_over, points_of, sweep
from testing.crash.victim import victim_in

STRIDES = {"kill": 1, "tear": 2, "power": 2, "ENOSPC": 3, "EIO": 3, "EIO once": 3, "EMFILE": 4}
_AT_A_TIME = 25  # tries, before what they left is removed


def swept(operation: str, ending: str, seed: int) -> tuple[str, Tally]:
    """Sweep one operation in a lake of its own."""
    tally, stride = Tally(), STRIDES[ending]
    with tempfile.TemporaryDirectory(prefix="floe-crash-") as name:
        folder = Path(name)
        with victim_in(folder, built(folder), seed) as victim:
            points = range(1 + seed % stride, points_of(victim, operation, ending) + 1, stride)
            for some in _some_at_a_time(points):
                tally += sweep(victim, operation, ending, some)
                tally.complaints += left_over(victim)
    return f"{operation:14} {ending:9}", tally


def _some_at_a_time(points: range) -> Iterator[range]:
    for start in range(0, len(points), _AT_A_TIME):
        yield points[start : start + _AT_A_TIME]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m testing.crash")
    parser.add_argument("operations", nargs="*", metavar="OPERATION", help=", ".join(OPERATIONS))
    parser.add_argument("--seed", type=int, default=1)
    said = parser.parse_args()
    started, total = time.monotonic(), Tally()
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        jobs = [
            pool.submit(swept, operation, ending, said.seed)
            for operation, ending in product(said.operations or OPERATIONS, STRIDES)
        ]
        for job in as_completed(jobs):
            name, tally = job.result()
            total += tally
            print(
                "\n".join([f"{name} {tally}", *(f"    {complaint}" for complaint in tally.complaints)]),
                flush=True,
            )
    complaints = f", {len(total.complaints)} complaints" if total.complaints else ""
    print(f"{total}{complaints}, seed {said.seed}, {time.monotonic() - started:.0f} s")
    return int(bool(total.complaints))


if __name__ == "__main__":
    raise SystemExit(main())
