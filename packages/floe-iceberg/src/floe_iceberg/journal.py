"""What a publish over REST is about to do, on disk before it is asked for.

A catalog may make a commit over several tables one table after the other. If it dies in between, or we do,
the next start finds here what belongs together. An entry is locked while its publish is going on.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from floe_core.errors import WorkError
from floe_iceberg.catalog import Moved, UnknownOutcome
from floe_iceberg.durable import make_directory, storing, sync
from floe_iceberg.rest_commit import RestChange


class Journal:
    """A folder with a file for each publish that is not known to be over."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def publishing(self, changes: Sequence[RestChange]) -> Iterator[None]:
        """Hold an entry while the body publishes; it stays when the outcome is unknown."""
        path = self._folder / f"{uuid4().hex}.json"
        with storing(str(self._folder)):
            make_directory(self._folder)
            descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
        over = False
        try:
            with storing(str(path)):
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                told = {"version": 1, "changes": [change.to_json() for change in changes]}
                os.write(descriptor, json.dumps(told).encode())
                os.fsync(descriptor)
                sync(self._folder)
            yield
            over = True
        except (Moved, WorkError) as error:
            over = not isinstance(error, UnknownOutcome)
            raise
        finally:
            if over:
                path.unlink(missing_ok=True)
            os.close(descriptor)

    def left(self) -> Iterator[list[RestChange]]:
        """The publishes nobody is at any more; each is over once the next one is asked for."""
        for path in sorted(self._folder.glob("*.json")):
            try:
                descriptor = os.open(path, os.O_RDWR)
            except FileNotFoundError:
                continue
            try:
                if _locked(descriptor):
                    yield _read(descriptor)
                    path.unlink(missing_ok=True)
            finally:
                os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(descriptor: int) -> list[RestChange]:
    """The entry's changes; none if it was never whole, and so nothing was asked for."""
    with os.fdopen(os.dup(descriptor), "rb") as file:
        try:
            told = json.loads(file.read())
        except ValueError:
            return []
    return [RestChange.from_json(change) for change in told["changes"]]
