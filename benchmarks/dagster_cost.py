"""What Dagster costs: loading a location beside dagster-dbt's, and a run through it beside one without.

dagster-dbt lives in an environment that is built here and thrown away; floe never depends on it.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from benchmarks import project, wide_project
from benchmarks.measuring import BIN, cost
from benchmarks.table import Section

_LOADS = (1000, 4000)
_RUNS = (20, 100)
_ROUNDS = 3
_LOADER = Path(__file__).with_name("location_load.py")
_RUNNER = Path(__file__).with_name("run_without_dagster.py")
_PEER = """\
from pathlib import Path

import dagster as dg
from dagster_dbt import DbtCliResource, dbt_assets


@dbt_assets(manifest=Path(__file__).parent / "target" / "manifest.json")
def models(context: dg.AssetExecutionContext, dbt: DbtCliResource):
    yield from dbt.cli(["build"], context=context).stream()


defs = dg.Definitions(
    assets=[models],
    jobs=[dg.define_asset_job("everything", selection="*")],
    resources={"dbt": DbtCliResource(project_dir=Path(__file__).parent)},
)
"""


def measure() -> Section:
    with tempfile.TemporaryDirectory() as folder:
        peer = _peer_environment(Path(folder) / "peer")
        loads = [row for models in _LOADS for row in _load_rows(Path(folder), peer, models)]
        run = _run_row(Path(folder))
    return Section(
        "Dagster",
        ("beyond `import dagster`", "CPU s", "aim", "MiB", "aim"),
        (*loads, run),
        f"Loading is what a code server does when it starts; medians of {_ROUNDS}, the same project of five"
        " columns a model. dagster-dbt is in an environment of its own, its manifest parsed beforehand."
        f" The last line is what Dagster adds to the CPU of a run for each model: the slope between"
        f" {_RUNS[0]} and {_RUNS[1]} models of `floe run`, less that of the same run without Dagster.",
    )


def _peer_environment(folder: Path) -> Path:
    """dagster-dbt beside the very Dagster, dbt and adapter that floe uses."""
    names = ("dagster", "dbt-core", "dbt-duckdb")
    wanted = [f"{name}=={version(name)}" for name in names]
    subprocess.run([BIN / "uv", "venv", "--quiet", "--python", sys.executable, folder], check=True)
    install = [str(BIN / "uv"), "pip", "install", "--quiet", "--python", str(folder / "bin" / "python")]
    subprocess.run([*install, "dagster-dbt", *wanted], check=True)
    return folder / "bin"


def _load_rows(folder: Path, peer: Path, models: int) -> list[Sequence[str]]:
    place = folder / f"wide_{models}"
    wide_project.write(place, models)
    cost("floe", "compile", cwd=place)
    environment = {**os.environ, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
    parse = [str(peer / "dbt"), "parse", "--quiet", "--profiles-dir", "."]
    subprocess.run(parse, cwd=place, check=True, env=environment)
    (place / "peer.py").write_text(_PEER)
    ours = _loaded(BIN / "python", place / "target" / "floe" / "definitions.py")
    theirs = _loaded(peer / "python", place / "peer.py")
    aims = {1000: ("1.0", "60"), 4000: ("3.0", "-")}[models]
    return [
        (f"floe, {models} models", f"{ours[0]:.2f}", aims[0], f"{ours[1]:.0f}", aims[1]),
        (f"dagster-dbt, {models} models", f"{theirs[0]:.2f}", "-", f"{theirs[1]:.0f}", "-"),
        (f"ratio, {models} models", f"{ours[0] / theirs[0]:.2f}", "-", f"{ours[1] / theirs[1]:.2f}", "-"),
    ]


def _loaded(python: Path, definitions: Path) -> tuple[float, float]:
    """CPU seconds and MiB, each the median."""
    path = os.pathsep.join((str(python.parent), os.environ["PATH"]))  # dagster-dbt looks for dbt there
    environment = {**os.environ, "DAGSTER_DISABLE_TELEMETRY": "yes", "PATH": path}
    rounds = [
        json.loads(
            subprocess.run(
                [python, _LOADER, definitions],
                cwd=definitions.parent,
                env=environment,
                check=True,
                capture_output=True,
                text=True,
            ).stdout.splitlines()[-1]
        )
        for _ in range(_ROUNDS)
    ]
    return statistics.median(r["cpu_s"] for r in rounds), statistics.median(r["mib"] for r in rounds)


def _run_row(folder: Path) -> Sequence[str]:
    """The slope of both ways between few and many models: what is fixed falls out."""
    with_dagster, without = (_slope(folder, name, arguments) for name, arguments in _WAYS.items())
    return ("Dagster's part of a run, per model", f"{with_dagster - without:.4f}", "0.0200", "-", "-")


_WAYS: dict[str, tuple[str, ...]] = {
    "floe": ("run",),
    "python": (str(_RUNNER),),
}


def _slope(folder: Path, program: str, arguments: Sequence[str]) -> float:
    few, many = (_run_cost(folder, models, program, arguments) for models in _RUNS)
    return (many - few) / (_RUNS[1] - _RUNS[0])


def _run_cost(folder: Path, models: int, program: str, arguments: Sequence[str]) -> float:
    place = folder / f"run_{program}_{models}"
    project.write(place, models)
    cost("floe", "run", cwd=place)  # compiles, and makes the tables
    return statistics.median(cost(program, *arguments, cwd=place).cpu_s for _ in range(_ROUNDS))


if __name__ == "__main__":
    print(measure())
