"""Webserver and daemon in the background: started, found again, and ended with all their children."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import requests

from floe_core.errors import Problem, ServiceError, WorkError
from floe_core.plugins.orchestrator import Served
from floe_orchestrator_dagster.exclusive import exclusive
from floe_orchestrator_dagster.instance import configure, dagster_home, make_storage
from floe_orchestrator_dagster.served import RecordedProcess, ServedRecord, forget

_START_TIMEOUT_S = 300  # all products are imported by both, on a machine that may have much else to do
_STOP_TIMEOUT_S = 10
_HEALTH = """{
  instance { daemonHealth { allDaemonStatuses { required healthy } } }
  workspaceOrError { ... on Workspace { locationEntries {
    name loadStatus locationOrLoadError { ... on PythonError { message } }
  } } }
}"""


_RELOAD = "mutation { reloadWorkspace { __typename } }"


def serve(state_dir: Path, workspace: Path, *, max_concurrent_runs: int, port: int, keep: bool) -> Served:
    """Start webserver and daemon over the code locations, or find those that run.

    Without ``keep`` they are this process's to end, and whoever finds them after it has died takes its
    place. Raises WorkError when the port is taken, ServiceError when they do not answer in time; then
    nothing is left running.
    """
    keeper = None if keep else RecordedProcess.of(os.getpid())
    # two that start in the same moment would each start a server, and know of one
    with exclusive(state_dir / "dagster" / "serving.lock"):
        if found := ServedRecord.read(state_dir):
            if found.alive():
                return _found(state_dir, found, keeper)
            _end(state_dir, found)  # what is left of a crash
        _refuse_taken(port)
        configure(state_dir, max_concurrent_runs=max_concurrent_runs)
        make_storage(state_dir)
        started = _started(state_dir, workspace, port, keeper)
    return _served(started, found=False)


def _found(state_dir: Path, found: ServedRecord, keeper: RecordedProcess | None) -> Served:
    try:
        _ask(found.url, _RELOAD, timeout_s=_START_TIMEOUT_S)  # every product is imported anew
    except (requests.RequestException, ValueError) as error:
        raise _silent(state_dir) from error
    orphaned = found.keeper is not None and not found.keeper.alive()
    if orphaned:
        replace(found, keeper=keeper).write(state_dir)
    return _served(found, found=not orphaned)


def _started(state_dir: Path, workspace: Path, port: int, keeper: RecordedProcess | None) -> ServedRecord:
    commands = {
        "webserver": ["dagster_webserver", "-h", "127.0.0.1", "-p", str(port), "-w", str(workspace)],
        "daemon": ["dagster._daemon", "run", "-w", str(workspace)],
    }
    record = ServedRecord(f"http://127.0.0.1:{port}", (), keeper)
    with contextlib.ExitStack() as unfinished:
        unfinished.callback(stop, state_dir)
        for name, command in commands.items():
            process = _start(state_dir, name, command)
            record = replace(record, processes=(*record.processes, process))
            record.write(state_dir)
        _await(record, state_dir)
        unfinished.pop_all()
    return record


def check_port(state_dir: Path, port: int) -> None:
    """Raise WorkError when the port is taken by anything but what ``serve`` left running."""
    if serving(state_dir) is None:
        _refuse_taken(port)


def serving(state_dir: Path) -> Served | None:
    """What is recorded as served, if all of it is alive."""
    record = ServedRecord.read(state_dir)
    return _served(record, found=True) if record and record.alive() else None


def _served(record: ServedRecord, *, found: bool) -> Served:
    return Served(record.url, tuple(process.pid for process in record.processes), found)


def stop(state_dir: Path) -> bool:
    """End the process groups ``serve`` started, code servers included."""
    record = ServedRecord.read(state_dir)
    return record is not None and _end(state_dir, record)


def _end(state_dir: Path, record: ServedRecord) -> bool:
    family = [member for process in record.processes for member in process.group()]
    for member in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            member.terminate()
    _, stubborn = psutil.wait_procs(family, timeout=_STOP_TIMEOUT_S)
    for member in stubborn:
        with contextlib.suppress(psutil.NoSuchProcess):
            member.kill()
    psutil.wait_procs(stubborn, timeout=_STOP_TIMEOUT_S)
    forget(state_dir)
    return bool(family)


def _refuse_taken(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise WorkError(
                Problem("FLOE-E503", f"port {port} is taken", hint=f"choose another: --port {port + 1}")
            ) from error


def _start(state_dir: Path, name: str, command: Sequence[str]) -> RecordedProcess:
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
    return RecordedProcess.of(process.pid)


def _environment(state_dir: Path) -> dict[str, str]:
    """Ours, but for the span that this process was started in: the runs to come are no part of it."""
    inherited = {name: value for name, value in os.environ.items() if name != "TRACEPARENT"}
    return {**inherited, "DAGSTER_HOME": str(dagster_home(state_dir))}


def _await(record: ServedRecord, state_dir: Path) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline and record.alive():
        if _healthy(record.url):
            return
        time.sleep(0.2)
    raise _silent(state_dir)


def _silent(state_dir: Path) -> ServiceError:
    return ServiceError(
        Problem(
            "FLOE-E901",
            "Dagster's webserver and daemon did not come up",
            hint=f"read {state_dir / 'logs'}/dagster-webserver.log and dagster-daemon.log",
        )
    )


def _ask(url: str, query: str, *, timeout_s: float = 30) -> dict[str, Any]:
    answer = requests.post(f"{url}/graphql", json={"query": query}, timeout=timeout_s)
    data: dict[str, Any] = answer.json()["data"]
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
