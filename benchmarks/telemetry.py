"""What telemetry costs: CPU of a run with it, without it, and with its receiver gone.

``python -m benchmarks.telemetry [local|gone|imports] [MODELS REPEATS]`` runs a chain of models in this
process, telemetry on and off in turns, and takes the median: imports are paid before the first of them.
Full collections of garbage do not count: each takes a third of a second among dbt's objects, and whether a
run has one or two of them is chance. 'Telling itself' is the CPU of the threads while they tell, and of the
one that exports: what others do on the machine matters less to it than to the difference of two runs.
"""

from __future__ import annotations

import gc
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

_MANIFEST = "metadata: {{name: p}}\ngovernance: {{level: off}}\n{plugins}"
_IMPORTS = "import time; start = time.process_time(); {modules}; print(time.process_time() - start)"


def write(home: Path, models: int, plugins: str) -> None:
    """A product of ``models`` models, each of which reads the one before."""
    files = {
        "manifest.yaml": _MANIFEST.format(plugins=plugins),
        "floe.yaml": "metadata: {name: chain}\n",
        "dbt_project.yml": "name: chain\nversion: '1.0'\nprofile: chain\n",
        "models/m0.sql": "select 1 as a\n",
    }
    files |= {
        f"models/m{n}.sql": f"select a + 1 as a from {{{{ ref('m{n - 1}') }}}}\n" for n in range(1, models)
    }
    for name, text in files.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def gone() -> str:
    """The URL of a port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


class FullCollections:
    """CPU seconds that looking through all objects for garbage took."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._began = 0.0
        gc.callbacks.append(self._heard)

    def _heard(self, phase: str, said: dict[str, Any]) -> None:
        if said["generation"] == 2:
            now = time.thread_time()
            self.seconds += now - self._began if phase == "stop" else 0.0
            self._began = now


_collections = FullCollections()


class Telling:
    """CPU seconds of whatever tells, in each thread, and of the queue's own thread."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._lock, self._inside = threading.Lock(), threading.local()

    def watch(self) -> None:
        """Measure from now on."""
        from floe_core.run_lineage import RunLineage
        from floe_core.run_telling import Telling as OfARun
        from floe_core.telemetry import Door, TelemetryQueue

        for owner, name in (
            (OfARun, "__call__"),
            (OfARun, "end"),
            (RunLineage, "materialized"),
            (Door, "pass_on"),
            (TelemetryQueue, "_work"),
            (TelemetryQueue, "offer"),
        ):
            setattr(owner, name, self._measured(getattr(owner, name)))

    def _measured(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def measured(*arguments: Any, **named: Any) -> Any:
            if getattr(self._inside, "now", False):
                return call(*arguments, **named)
            self._inside.now, began = True, time.thread_time()
            try:
                return call(*arguments, **named)
            finally:
                self._inside.now = False
                with self._lock:
                    self.seconds += time.thread_time() - began

        return measured


_telling = Telling()


def run(home: Path) -> tuple[float, float]:
    """CPU and wall seconds of one run."""
    from click.testing import CliRunner

    from floe_core.cli.program import program

    gc.collect()
    cpu, wall, idle = time.process_time(), time.monotonic(), _collections.seconds
    done = CliRunner().invoke(program, ["run", str(home), "--output", "json"])
    assert done.exit_code == 0, done.output
    idle = _collections.seconds - idle
    return time.process_time() - cpu - idle, time.monotonic() - wall - idle


def silently(call: Callable[[Path], tuple[float, float]], home: Path) -> tuple[float, float]:
    os.environ["OTEL_SDK_DISABLED"] = "true"
    try:
        return call(home)
    finally:
        del os.environ["OTEL_SDK_DISABLED"]


def imports(modules: str) -> float:
    """CPU seconds that importing takes beyond what a run imports anyway."""
    done = subprocess.run(
        [sys.executable, "-c", _IMPORTS.format(modules=modules)], capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def compared(name: str, home: Path, models: int, repeats: int) -> None:
    """Run with and without telemetry in turns, and print what it costs."""
    run(home)
    silently(run, home)
    _telling.watch()
    off, on, own = [], [], []
    for turn in range(repeats):
        for told in (turn % 2 == 1, turn % 2 == 0):  # what grows from run to run is to hurt neither
            _telling.seconds = 0.0
            if told:
                on.append(run(home))
                own.append(_telling.seconds)
            else:
                off.append(silently(run, home))
    cpu, wall = (
        [statistics.median(each[part] for each in each_way) for each_way in (off, on)] for part in (0, 1)
    )
    pairs = sorted(loud[0] - silent[0] for loud, silent in zip(on, off, strict=True))
    print(
        f"{name}: off {cpu[0]:.2f}, on {cpu[1]:.2f} CPU s for {models} models, median of {repeats}:"
        f" {(cpu[1] - cpu[0]) / models * 1000:+.2f} ms a model, {wall[1] - wall[0]:+.2f} s in all;"
        f" pairs {' '.join(f'{each:+.2f}' for each in pairs)};"
        f" telling itself {statistics.median(own):.3f} s",
        flush=True,
    )


def main(which: str, models: int, repeats: int) -> None:
    if which == "imports":
        anyway = "import click, pydantic, yaml, sqlite3, dagster"
        own = "import floe_core.telemetry, structlog, opentelemetry.trace"
        protobuf = "import floe_telemetry_otlp.exporter, floe_core.telemetry.http"
        print(f"imports: {imports(f'{anyway}; {own}; {protobuf}') - imports(anyway):+.2f} CPU s")
        return
    plugins = {
        "local": "",
        "gone": f"plugins: {{telemetry: {{type: otlp, config: {{endpoint: '{gone()}'}}}}}}\n",
    }
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), models, plugins[which])
        compared(which, Path(folder), models, repeats)


if __name__ == "__main__":
    given = sys.argv[1:]
    main(given[0] if given else "local", *map(int, given[1:] or ("50", "3")))
