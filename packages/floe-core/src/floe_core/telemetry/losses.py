"""What was lost when a process ended, kept until the next one can tell it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def note(state_dir: Path, count: int) -> None:
    """Add to what is lost; where that cannot be written it is forgotten."""
    path = _path(state_dir)
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a") as file:
            file.write(f"{count}\n")


def take(state_dir: Path) -> int:
    """How much was lost since somebody asked; two who ask at once do not both hear of it."""
    path = _path(state_dir)
    mine = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.rename(mine)
        counts = mine.read_text().split()
        mine.unlink()
    except OSError:
        return 0
    return sum(int(count) for count in counts if count.isdigit())


def _path(state_dir: Path) -> Path:
    return state_dir / "telemetry" / "dropped"
