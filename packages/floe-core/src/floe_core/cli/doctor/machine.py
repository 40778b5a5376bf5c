"""The disk, the rights and the clock of this machine."""

from __future__ import annotations

import getpass
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shlex import quote

from floe_core.cli.doctor.finding import Finding
from floe_core.cli.maintaining import size
from floe_core.cli.output import timestamp
from floe_core.errors import Problem, shown
from floe_core.ledger import Ledger
from floe_core.location import Location

_ROOM = 1 << 30  # bytes: a small run's tables, the catalog's and Dagster's databases, with space to merge
_DRIFT = timedelta(minutes=1)


def disk(folder: Path) -> Iterator[Finding]:
    """How much room there is where the tables lie."""
    place = _existing(folder)
    free = shutil.disk_usage(place).free
    low = Problem(
        "FLOE-E033",
        f"{size(free)} are free for '{shown(folder)}'",
        hint=f"make room: floe maintain, df -h {quote(shown(place))}",
    )
    yield Finding("disk", f"{size(free)} free", () if free >= _ROOM else (low,))


def permissions(location: Location) -> Iterator[Finding]:
    """Whether what floe wrote, and the folders it writes into, may be written."""
    state, generated = location.state_dir, location.generated_dir
    folders = [state, *(state / name for name in ("warehouse", "runs", "artifacts", "logs")), generated]
    wanted = {_existing(state), _existing(generated), *folders, *state.glob("*.db")}
    there = sorted(path for path in wanted if path.exists())
    problems = [problem for path in there if (problem := _unwritable(path, path in folders))]
    yield Finding("permissions", f"{shown(state)} and {shown(generated)} can be written", tuple(problems))


def clock(location: Location) -> Iterator[Finding]:
    """Whether the clock went back: retention, expiry and schedules go by it."""
    now = datetime.now(UTC)
    last = max((run.started_at for run in Ledger(location.state_dir).runs(limit=1)), default=now)
    behind = Problem(
        "FLOE-E034",
        f"the clock says {timestamp(now)}, and the last run began at {timestamp(last)}",
        hint="set it: timedatectl set-ntp true",
    )
    yield Finding("clock", timestamp(now), (behind,) if last > now + _DRIFT else ())


def _unwritable(path: Path, folder: bool) -> Problem | None:
    what, place = shown(path), quote(shown(path))
    if folder and not path.is_dir():
        return Problem("FLOE-E032", f"'{what}' is no folder", hint=f"move it away: mv {place} {place}.old")
    if os.access(path, os.R_OK | os.W_OK | (os.X_OK if path.is_dir() else 0)):
        return None
    own = path.stat().st_uid == os.getuid()
    hint = f"chmod -R u+rwX {place}" if own else f"sudo chown -R {_user()} {place}"
    return Problem("FLOE-E032", f"no right to write '{what}'", hint=hint)


def _user() -> str:
    try:
        return quote(getpass.getuser())
    except (KeyError, OSError):  # a user without a name, as in containers
        return str(os.getuid())


def _existing(path: Path) -> Path:
    """The path, or the nearest folder above it that is there."""
    return next(each for each in (path, *path.parents) if each.exists())
