"""Making files survive a power loss: what a commit names must be on disk before the pointer moves."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from floe_core.errors import Problem, WorkError

_durable: set[Path] = set()


def sync(path: Path) -> None:
    """Put a file's bytes, or a directory's entries, on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_directory(path: Path) -> None:
    """Make ``path`` and its missing parents, and put every new entry on disk.

    The entry of ``path`` itself is synced once by this process even if it was there: whoever made it
    may not have done so yet.
    """
    there = path.exists()
    if there and path in _durable:
        return
    if not there:
        make_directory(path.parent)
        path.mkdir(exist_ok=True)
    sync(path.parent)
    _durable.add(path)


@contextmanager
def storing(place: str) -> Iterator[None]:
    """Tell a failure of the disk (full, read-only, gone) as one of the work, with its place."""
    try:
        yield
    except OSError as error:
        raise cannot_store(place, error.strerror or str(error)) from error


def cannot_store(place: str, reason: str) -> WorkError:
    place = place.removeprefix("file://")
    return WorkError(
        Problem(
            "FLOE-E510",
            f"cannot write below '{place}'{room(place)}: {reason}",
            hint="free some space or fix the rights there, then run again; nothing was published",
        )
    )


def room(place: str) -> str:
    """How much is free where a local place is or is to be, in brackets; nothing where nobody can tell."""
    path = Path(place)
    if not path.is_absolute():
        return ""
    with suppress(OSError):
        there = next(folder for folder in (path, *path.parents) if folder.exists())
        return f" ({_told(shutil.disk_usage(there).free)} free)"
    return ""


def _told(size: float) -> str:
    if size < 1000:
        return f"{size:.0f} bytes"
    for unit in ("kB", "MB", "GB"):
        size /= 1000
        if size < 1000:
            return f"{size:.1f} {unit}"
    return f"{size / 1000:.1f} TB"
