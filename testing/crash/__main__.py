"""The whole sweep: ``python -m testing.crash [--seed N] [OPERATION ...]``, on two cores.

Every operation is killed at every point; for the other endings every second, third or fourth point is tried,
another one with each seed.
"""

from __future__ import annotations

import argparse
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

from testing.crash.operations import OPERATIONS
from testing.crash.sweep import Tally
from testing.crash.whole import swept


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m testing.crash")
    parser.add_argument("operations", nargs="*", metavar="OPERATION", help=", ".join(OPERATIONS))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--every", type=int, default=1, metavar="N", help="a sample: every N-th of the points"
    )
    said = parser.parse_args()
    started, total = time.monotonic(), Tally()
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        jobs = [
            pool.submit(swept, operation, said.seed, said.every)
            for operation in said.operations or OPERATIONS
        ]
        for job in as_completed(jobs):
            if job.exception():
                pool.shutdown(cancel_futures=True)
            for name, tally in job.result():
                total += tally
                told = [f"{name} {tally}", *(f"    {complaint}" for complaint in tally.complaints)]
                print("\n".join(told), flush=True)
    complaints = f", {len(total.complaints)} complaints" if total.complaints else ""
    print(f"{total}{complaints}, seed {said.seed}, {time.monotonic() - started:.0f} s")
    return int(bool(total.complaints))


if __name__ == "__main__":
    raise SystemExit(main())
