"""What is being served, as the next command finds it: the URL, the processes, and who started them."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from floe_core.whole_file import write_if_changed

_CLOCK_DRIFT_S = 10  # a start time is counted from the boot time, which moves with the system's clock


@dataclass(frozen=True)
class RecordedProcess:
    """A process as it can be recognised later: a pid alone is reused by the system."""

    pid: int
    started_at: float

    @classmethod
    def of(cls, pid: int) -> RecordedProcess:
        return cls(pid, psutil.Process(pid).create_time())

    def alive(self) -> bool:
        process = _find(self.pid)
        return process is not None and abs(process.create_time() - self.started_at) < _CLOCK_DRIFT_S

    def group(self) -> list[psutil.Process]:
        """Everything of the process group it leads, which outlives the leader.

        A group's id is free for others only once the group is empty; so where another process has
        the pid, nothing of ours is left.
        """
        if _find(self.pid) and not self.alive():
            return []
        return [process for process in psutil.process_iter() if _group_of(process.pid) == self.pid]


@dataclass(frozen=True)
class ServedRecord:
    """Each process leads a group of its own; ``keeper`` is who ends them, None when they are to stay."""

    url: str
    processes: tuple[RecordedProcess, ...]
    keeper: RecordedProcess | None

    @classmethod
    def read(cls, state_dir: Path) -> ServedRecord | None:
        try:
            record = json.loads(_file(state_dir).read_bytes())
        except FileNotFoundError:
            return None
        keeper = record["keeper"]
        return cls(
            record["url"],
            tuple(RecordedProcess(**entry) for entry in record["processes"]),
            RecordedProcess(**keeper) if keeper else None,
        )

    def write(self, state_dir: Path) -> None:
        write_if_changed(_file(state_dir), json.dumps(asdict(self)).encode())

    def alive(self) -> bool:
        """Whether all of it still runs."""
        return all(process.alive() for process in self.processes)


def forget(state_dir: Path) -> None:
    _file(state_dir).unlink(missing_ok=True)


def _file(state_dir: Path) -> Path:
    return state_dir / "dagster" / "served.json"


def _find(pid: int) -> psutil.Process | None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process
    return None


def _group_of(pid: int) -> int | None:
    with contextlib.suppress(ProcessLookupError):
        return os.getpgid(pid)
    return None
