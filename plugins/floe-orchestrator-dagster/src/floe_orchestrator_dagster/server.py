"""Webserver and daemon in the background: started, found again, and ended with all their children."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil
import requests

from floe_core.errors import Problem, ServiceError, WorkError
from floe_core.plugins.orchestrator import Served
from floe_orchestrator_dagster.instance import configure, dagster_home, make_storage

_START_TIMEOUT_S = 120
_STOP_TIMEOUT_S = 10
_CLOCK_DRIFT_S = 10  # a start time is counted from the boot time, which moves with the system's clock
_HEALTH = """{
  instance { daemonHealth { allDaemonStatuses { required healthy } } }
  workspaceOrError { ... on Workspace { locationEntries {
    name loadStatus locationOrLoadError { ... on PythonError { message } }
  } } }
}"""


_RELOAD = "mutation { reloadWorkspace { __typename } }"


@dataclass(frozen=True)
class _Process:
    """A process as it can be recognised later: a pid alone is reused by the system."""

    pid: int
    started_at: float

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


def _find(pid: int) -> psutil.Process | None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process
    return None


def _group_of(pid: int) -> int | None:
    with contextlib.suppress(ProcessLookupError):
        return os.getpgid(pid)
    return None


def serve(state_dir: Path, workspace: Path, *, max_concurrent_runs: int, port: int) -> Served:
    """Start webserver and daemon over the code locations, or find those that run.

    Raises WorkError when the port is taken, ServiceError when they do not answer in time; then
    nothing is left running.
    """
    if running := serving(state_dir):
        _ask(running.url, _RELOAD)
        return running
    stop(state_dir)  # what is left of a crash
    _refuse_taken(port)
    configure(state_dir, max_concurrent_runs=max_concurrent_runs)
    make_storage(state_dir)
    commands = {
        "webserver": ["dagster_webserver", "-h", "127.0.0.1", "-p", str(port), "-w", str(workspace)],
        "daemon": ["dagster._daemon", "run", "-w", str(workspace)],
    }
    url = f"http://127.0.0.1:{port}"
    processes: list[_Process] = []
    with contextlib.ExitStack() as unfinished:
        unfinished.callback(stop, state_dir)
        for name, command in commands.items():
            processes.append(_start(state_dir, name, command))
            _write(state_dir, url, processes)
        _await(url, processes, state_dir)
        unfinished.pop_all()
    return Served(url=url, pids=tuple(process.pid for process in processes))


def check_port(state_dir: Path, port: int) -> None:
    """Raise WorkError when the port is taken by anything but what ``serve`` left running."""
    if serving(state_dir) is None:
        _refuse_taken(port)


def serving(state_dir: Path) -> Served | None:
    """What is recorded as served, if all of it is alive."""
    try:
        record = json.loads(_file(state_dir).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    processes = [_Process(**entry) for entry in record["processes"]]
    if not all(process.alive() for process in processes):
        return None
    return Served(url=record["url"], pids=tuple(process.pid for process in processes))


def stop(state_dir: Path) -> bool:
    """End the process groups ``serve`` started, code servers included."""
    served = _file(state_dir)
    if not served.exists():
        return False
    record = json.loads(served.read_text(encoding="utf-8"))
    family = [member for entry in record["processes"] for member in _Process(**entry).group()]
    for member in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            member.terminate()
    _, stubborn = psutil.wait_procs(family, timeout=_STOP_TIMEOUT_S)
    for member in stubborn:
        with contextlib.suppress(psutil.NoSuchProcess):
            member.kill()
    psutil.wait_procs(stubborn, timeout=_STOP_TIMEOUT_S)
    served.unlink()
    return bool(family)


def _file(state_dir: Path) -> Path:
    return state_dir / "dagster" / "served.json"


def _write(state_dir: Path, url: str, processes: Sequence[_Process]) -> None:
    record = {"url": url, "processes": [asdict(process) for process in processes]}
    _file(state_dir).write_text(json.dumps(record), encoding="utf-8")


def _refuse_taken(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise WorkError(
                Problem("FLOE-E503", f"port {port} is taken", hint=f"choose another: --port {port + 1}")
            ) from error


def _start(state_dir: Path, name: str, command: Sequence[str]) -> _Process:
    logs = state_dir / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    with (logs / f"dagster-{name}.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=state_dir,
            env=_environment(state_dir),
            start_new_session=True,
        )
    process.returncode = 0  # it is left running on purpose: without this Python warns when it forgets it
    return _Process(process.pid, psutil.Process(process.pid).create_time())


def _environment(state_dir: Path) -> dict[str, str]:
    """Ours, but for the span that this process was started in: the runs to come are no part of it."""
    inherited = {name: value for name, value in os.environ.items() if name != "TRACEPARENT"}
    return {**inherited, "DAGSTER_HOME": str(dagster_home(state_dir))}


def _await(url: str, processes: Sequence[_Process], state_dir: Path) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline and all(process.alive() for process in processes):
        if _healthy(url):
            return
        time.sleep(0.2)
    raise ServiceError(
        Problem(
            "FLOE-E901",
            "Dagster's webserver and daemon did not come up",
            hint=f"read {state_dir / 'logs'}/dagster-webserver.log and dagster-daemon.log",
        )
    )


def _ask(url: str, query: str) -> dict[str, Any]:
    data: dict[str, Any] = requests.post(f"{url}/graphql", json={"query": query}, timeout=30).json()["data"]
    return data


def _healthy(url: str) -> bool:
    """Whether daemons run and every product is loaded; raises ServiceError for one that cannot be."""
    try:
        answer = _ask(url, _HEALTH)
    except (requests.RequestException, ValueError):
        return False
    locations = answer["workspaceOrError"]["locationEntries"]
    loaded = all(location["loadStatus"] == "LOADED" for location in locations)
    broken = [_load_problem(entry) for entry in locations if entry["locationOrLoadError"].get("message")]
    if loaded and broken:
        raise ServiceError(broken)
    daemons = answer["instance"]["daemonHealth"]["allDaemonStatuses"]
    return loaded and all(daemon["healthy"] for daemon in daemons if daemon["required"])


def _load_problem(entry: dict[str, Any]) -> Problem:
    return Problem(
        "FLOE-E902",
        f"Dagster cannot load '{entry['name']}': {entry['locationOrLoadError']['message'].strip()}",
        hint="floe compile, then start again",
    )
