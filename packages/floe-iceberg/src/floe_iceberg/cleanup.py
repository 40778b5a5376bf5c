"""Removing files that no snapshot leads to: seen to be so in one pass, removed in a later one.

What was seen, and when, is kept in the table's own metadata folder, so that it goes where the table goes
and any process can maintain it. A file's age alone would not do: a file expired a moment ago may be old,
and somebody may be reading it.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from pyiceberg.table import Table

from floe_iceberg.durable import storing
from floe_iceberg.reachability import Identity, UnclearError

MARKS = "metadata/floe-unreachable.json"  # when each unreachable file was first seen so, by its name


class Stored(Protocol):
    """A file somewhere; what it is tells it from any other, however it is spelled."""

    @property
    def identity(self) -> Identity: ...
    @property
    def size(self) -> int: ...
    @property
    def modified_ms(self) -> int: ...


@dataclass(frozen=True)
class Patience:
    """When a file may go: seen unreachable by ``seen_ms`` and written by ``written_ms``, both before any
    living run began at ``run_ms``, which may be about to commit it or still be reading it.
    """

    seen_ms: int
    written_ms: int
    run_ms: int | None

    def allows(self, file: Stored, seen_ms: int) -> bool:
        free = self.run_ms is None or max(seen_ms, file.modified_ms) < self.run_ms
        return free and seen_ms <= self.seen_ms and file.modified_ms <= self.written_ms


@dataclass(frozen=True)
class Cleaned:
    """Files that went and files that wait; ``note`` says why none could be judged."""

    removed: Sequence[Stored] = ()
    waiting: Sequence[Stored] = ()
    note: str | None = None


class Folder(ABC):
    """A table's own folder, without those of other tables within it."""

    location: str

    @abstractmethod
    def files(self) -> Sequence[Stored]:
        """What looks like an Iceberg table's."""

    @abstractmethod
    def reached(self, table: Table) -> set[Identity]:
        """The files the table stands on; raises UnclearError when one of them is not there."""

    @abstractmethod
    def key(self, file: Stored) -> str:
        """A file's name within the folder."""

    @abstractmethod
    def remove(self, files: Iterable[Stored]) -> None: ...

    @abstractmethod
    def remove_empty(self, patience: Patience) -> None:
        """Remove folders in it that have become empty."""

    @abstractmethod
    def remove_itself(self) -> None:
        """Remove the folder with what floe has noted in it, if nothing else is in it."""

    @abstractmethod
    def read_marks(self) -> bytes:
        """What was noted last; raises OSError if nothing was."""

    @abstractmethod
    def write_marks(self, marks: bytes | None) -> None: ...


def clean(
    look: Callable[[], Table | None], folder: Folder, patience: Patience, *, now_ms: int, dry_run: bool
) -> Cleaned:
    """Remove the files in the folder that were seen unreachable before and may go by now.

    ``look`` loads the table: it is called once all files are known, so that whatever is committed later
    is of files that are not among them.
    """
    with storing(folder.location):
        files = folder.files()
    table = look()
    if table is None:
        return Cleaned()
    try:
        needed = folder.reached(table)
    except UnclearError as error:
        return Cleaned(note=f"its files stay: it names '{error}', which cannot be found")
    before = _seen(folder)
    superfluous = {folder.key(file): file for file in files if file.identity not in needed}
    seen = {key: before.get(key, now_ms) for key in superfluous}
    due = {key for key, file in superfluous.items() if patience.allows(file, seen[key])}
    removed = [superfluous[key] for key in due]
    waiting = {key: since_ms for key, since_ms in seen.items() if key not in due}
    if not dry_run:
        with storing(folder.location):
            folder.remove(removed)
            folder.remove_empty(patience)
            if waiting != before:
                folder.write_marks(_marks(waiting))
    return Cleaned(removed, [superfluous[key] for key in waiting])


def clear(files: Iterable[Stored], folder: Folder) -> None:
    """Remove the files of a table that is in no catalog any more, and its folder if nothing else is in it."""
    with storing(folder.location):
        folder.remove(files)
        folder.remove_itself()


def _seen(folder: Folder) -> dict[str, int]:
    """When each unreachable file was first seen so.

    None if that cannot be read: files are then seen for the first time, and wait.
    """
    try:
        marks = json.loads(folder.read_marks())
        return {str(key): int(value) for key, value in marks["seen"].items()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return {}


def _marks(seen: Mapping[str, int]) -> bytes | None:
    return json.dumps({"version": 1, "seen": dict(seen)}, indent=1).encode() if seen else None
