"""The lock that tells a living run from a dead one."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from floe_core.errors import ConflictError, Problem


def _path(state_dir: Path, run_id: str) -> Path:
    return state_dir / "runs" / f"{run_id}.lock"


@contextmanager
def run_lock(state_dir: Path, run_id: str) -> Iterator[None]:
    """Hold the run's lock; the system lets it go when the process ends, however it ends.

    Raises ConflictError when another process holds it.
    """
    path = _path(state_dir, run_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConflictError(
                Problem("FLOE-E502", f"run '{run_id}' is going in another process", hint="floe runs")
            ) from error
        yield
    finally:
        os.close(descriptor)


def is_alive(state_dir: Path, run_id: str) -> bool:
    """Whether some process holds the run's lock."""
    try:
        descriptor = os.open(_path(state_dir, run_id), os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
