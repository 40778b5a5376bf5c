"""The locks that tell a living run from a dead one, and keep maintenance and runs apart."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from floe_core.errors import ConflictError, Problem

_POLL_S = 0.1
_LOOKED_AT_S = 2.0  # whoever looks whether a run lives holds its lock for a moment


def _path(state_dir: Path, run_id: str) -> Path:
    return state_dir / "runs" / f"{run_id}.lock"


@contextmanager
def run_lock(state_dir: Path, run_id: str) -> Iterator[None]:
    """Hold the run's lock; the system lets it go when the process ends, however it ends.

    Raises ConflictError when another process holds it.
    """
    with _opened(_path(state_dir, run_id)) as descriptor:
        until = time.monotonic() + _LOOKED_AT_S
        while not _lock(descriptor, fcntl.LOCK_EX):
            if time.monotonic() > until:
                raise ConflictError(
                    Problem("FLOE-E502", f"run '{run_id}' is going in another process", hint="floe runs")
                )
            time.sleep(_POLL_S)
        yield


@contextmanager
def run_of_product(state_dir: Path, product: str, *, wait_s: float) -> Iterator[None]:
    """Keep maintenance off the product's tables while they are written; runs share this lock.

    Waits for a maintenance that is going. Raises ConflictError when it takes longer than ``wait_s``.
    """
    with _opened(_product_path(state_dir, product)) as descriptor:
        until = time.monotonic() + wait_s
        while not _lock(descriptor, fcntl.LOCK_SH):
            if time.monotonic() > until:
                raise ConflictError(
                    Problem(
                        "FLOE-E515",
                        f"product '{product}' has been under maintenance for {wait_s:.0f} s",
                        hint="run again once it has ended",
                    )
                )
            time.sleep(_POLL_S)
        yield


@contextmanager
def maintenance_of_product(state_dir: Path, product: str) -> Iterator[None]:
    """Keep runs of the product, and every other maintenance, off its tables.

    Raises ConflictError when one is going.
    """
    with _opened(_product_path(state_dir, product)) as descriptor:
        if not _lock(descriptor, fcntl.LOCK_EX):
            raise ConflictError(
                Problem(
                    "FLOE-E516",
                    f"product '{product}' is being run or maintained by another process",
                    hint="wait for it to end (floe runs), then maintain again",
                )
            )
        yield


def is_alive(state_dir: Path, run_id: str) -> bool:
    """Whether some process holds the run's lock."""
    try:
        descriptor = os.open(_path(state_dir, run_id), os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        return not _lock(descriptor, fcntl.LOCK_SH)  # which several may have that look at once
    finally:
        os.close(descriptor)


def _product_path(state_dir: Path, product: str) -> Path:
    return state_dir / "runs" / f"product-{product}.lock"


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
