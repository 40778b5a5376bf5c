"""Which models an attempt began, noted beside its lock: a process that is killed cannot say it any more."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


def note_started(state_dir: Path, run_id: str, attempt: int, unique_id: str) -> None:
    """Add the model; where that cannot be written it is forgotten."""
    path = _path(state_dir, run_id, attempt)
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(f"{unique_id}\n")


def started_models(state_dir: Path, run_id: str, attempt: int) -> list[str]:
    """The models of an attempt whose process did not live to tell its end."""
    try:
        return _path(state_dir, run_id, attempt).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def forget_started(state_dir: Path, run_id: str, attempt: int) -> None:
    """The attempt's end is told."""
    with suppress(OSError):
        _path(state_dir, run_id, attempt).unlink()


def _path(state_dir: Path, run_id: str, attempt: int) -> Path:
    return state_dir / "runs" / f"{run_id}.{attempt}.started"
