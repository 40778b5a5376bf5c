"""What telemetry costs: CPU of a run with it, without it, and with its receiver gone.

``python -m benchmarks.telemetry [MODELS] [REPEATS]`` runs a chain of models in this process, telemetry on and
off in turns, and takes the median: imports are paid before the first of them.
"""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

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


def run(home: Path) -> tuple[float, float]:
    """CPU and wall seconds of one run."""
    from click.testing import CliRunner

    from floe_core.cli.program import program

    cpu, wall = time.process_time(), time.monotonic()
    done = CliRunner().invoke(program, ["run", str(home), "--output", "json"])
    assert done.exit_code == 0, done.output
    return time.process_time() - cpu, time.monotonic() - wall


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


def main(models: int, repeats: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        local, away = Path(folder) / "local", Path(folder) / "away"
        otlp = f"plugins: {{telemetry: {{type: otlp, config: {{endpoint: '{gone()}'}}}}}}\n"
        write(local, models, "")
        write(away, models, otlp)
        for home in (local, away):
            run(home)
        off, on, lost = [], [], []
        for _ in range(repeats):
            off.append(silently(run, local))
            on.append(run(local))
            lost.append(run(away))
    cpu = [statistics.median(each[0] for each in figures) for figures in (off, on, lost)]
    wall = [statistics.median(each[1] for each in figures) for figures in (off, on, lost)]
    anyway = "import click, pydantic, yaml, sqlite3, dagster"
    own = "import floe_core.telemetry, structlog, opentelemetry.trace"
    protobuf = "import floe_telemetry_otlp.exporter, floe_core.telemetry.http"
    print(f"{models} models, median of {repeats}: off {cpu[0]:.2f}, on {cpu[1]:.2f}, gone {cpu[2]:.2f} CPU s")
    print(f"on - off: {(cpu[1] - cpu[0]) / models * 1000:.2f} ms CPU a model")
    print(f"receiver gone - off: {cpu[2] - cpu[0]:+.2f} CPU s, {wall[2] - wall[0]:+.2f} s")
    print(f"imports: {imports(f'{anyway}; {own}; {protobuf}') - imports(anyway):.2f} CPU s")


if __name__ == "__main__":
    main(*map(int, (sys.argv[1:] + ["40", "3"][len(sys.argv) - 1 :])))
