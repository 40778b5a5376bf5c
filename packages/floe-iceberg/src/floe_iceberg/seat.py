"""An engine's place among those that work over one state: who is there, and whose files are nobody's."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

_LOCK = "lock"


class Seat:
    """A folder for what an engine spills, held by a lock that goes with the process, however that ends.

    Whoever looks around tells the living from the dead by their locks, and clears away what the dead left.
    """

    def __init__(self, tmp: Path) -> None:
        self._tmp = tmp
        self.folder = tmp / f"engine-{uuid4().hex}"
        # made under another name: nobody may find the folder before its lock is held
        made = tmp / f"new-{uuid4().hex}"
        made.mkdir(parents=True)
        self._lock = os.open(made / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        made.rename(self.folder)

    def taken(self) -> int:
        """How many engines are at work, this one included."""
        folders = (folder for folder in self._tmp.glob("engine-*") if folder != self.folder)
        return 1 + sum(not _cleared(folder) for folder in folders)

    def leave(self) -> None:
        """Remove the folder with everything in it."""
        shutil.rmtree(self.folder, ignore_errors=True)
        os.close(self._lock)


@contextmanager
def seated(tmp: Path) -> Iterator[Path]:
    """A folder to spill into, gone afterwards; on a full disk only whoever needs it fails."""
    try:
        seat = Seat(tmp)
    except OSError:
        yield tmp / f"engine-{uuid4().hex}"
        return
    try:
        yield seat.folder
    finally:
        seat.leave()


def _cleared(folder: Path) -> bool:
    """Remove the folder if its engine is dead; whether it is gone."""
    try:
        descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:  # it is being removed
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        shutil.rmtree(folder, ignore_errors=True)
        return True
    finally:
        os.close(descriptor)
