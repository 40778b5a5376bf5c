"""What the machine refused: a full disk, a path, a database of ours."""

from __future__ import annotations

import errno
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from shlex import quote

from floe_core.cli.maintaining import size
from floe_core.errors import Problem, shown

_FULL = {errno.ENOSPC, errno.EDQUOT}
_DENIED = {errno.EACCES, errno.EPERM, errno.EROFS}
_DATABASE_HINTS = {
    "database is locked": "another floe is busy with it: try again",
    "database or disk is full": "make room: df -h .",
    "disk I/O error": "is the disk full? df -h .",
    "unable to open database file": "is the folder read-only, or somebody else's? ls -ld .floe",
    "attempt to write a readonly database": "is the folder read-only, or somebody else's? ls -ld .floe",
}

_DAMAGES = {"file is not a database", "database disk image is malformed"}
_SQLITE = b"SQLite format 3\0"


def from_system(error: Exception) -> Problem | None:
    """What a person can do something about, also below the errors of an engine; None for a bug."""
    told = (_told(cause) for cause in _causes(error))
    return next((problem for problem in told if problem), None)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _told(error: BaseException) -> Problem | None:
    if isinstance(error, OSError):
        return _from_os(error)
    sqlite3 = sys.modules.get("sqlite3")  # what was not imported has raised nothing
    if sqlite3 and isinstance(error, sqlite3.OperationalError) and str(error) in _DATABASE_HINTS:
        hint = _DATABASE_HINTS[str(error)]
        told = f"a database in '{shown(_state() or Path('.floe'))}' cannot be used: {error}"
        return Problem("FLOE-E003", f"{told}{_room(_state() or Path())}", hint=hint)
    if sqlite3 and isinstance(error, sqlite3.DatabaseError) and str(error) in _DAMAGES:
        return _damaged()
    return None


def _damaged() -> Problem:
    """Name the database that is not one any more, and what is lost with it."""
    state = _state()
    broken = [path for path in sorted(state.rglob("*.db")) if not _is_sqlite(path)] if state else []
    if not state or not broken:
        return Problem("FLOE-E003", "a database in '.floe' is damaged", hint="put it back from a backup")
    path = broken[0]
    if path.parent == state and path.name != "ledger.db":
        hint = "put it back from a backup: without it the tables cannot be found"
    else:
        lost = path if path.parent == state else state / path.relative_to(state).parts[0]
        hint = f"the tables are fine, only the history of runs is lost: rm -r {quote(shown(lost))}"
    return Problem("FLOE-E003", f"'{shown(path)}' is damaged: it is no SQLite database", hint=hint)


def _state() -> Path | None:
    """Where the databases are, as far as the working directory tells."""
    here = Path.cwd()
    return next((path / ".floe" for path in (here, *here.parents) if (path / ".floe").is_dir()), None)


def _room(place: Path) -> str:
    """How much is free there, or where it is to be."""
    with suppress(OSError):
        there = next(path for path in (place.absolute(), *place.absolute().parents) if path.exists())
        return f", {size(shutil.disk_usage(there).free)} free"
    return ""


def _is_sqlite(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_SQLITE)) in (_SQLITE, b"")


def _from_os(error: OSError) -> Problem | None:
    path = shown(Path(os.fsdecode(error.filename))) if isinstance(error.filename, str | bytes) else None
    if error.errno in _FULL:
        where = f", writing '{path}'{_room(Path(path))}" if path else ""
        return Problem("FLOE-E003", f"no space left on the disk{where}", hint="make room: df -h .")
    if path is None:
        gone = isinstance(error, FileNotFoundError)  # without a name: the system's word on where one stands
        return Problem("FLOE-E003", "the folder one stands in is gone", hint="cd ~") if gone else None
    hint = f"see whose it is: ls -ld {quote(path)}" if error.errno in _DENIED else None
    reason = (error.strerror or "no reason given").lower()
    return Problem("FLOE-E003", f"cannot use '{path}': {reason}", hint=hint)
