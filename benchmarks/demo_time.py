"""How long ``make demo`` takes when everything is installed, on a copy of the demo's folder."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from benchmarks.measuring import cost
from benchmarks.table import Section

_DEMO = Path(__file__).parent.parent / "demo"


def measure() -> Section:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "demo"
        shutil.copytree(_DEMO, place, ignore=shutil.ignore_patterns(".floe", "target", "logs"))
        try:
            measured = cost("floe", "demo", cwd=place)
        finally:
            cost("floe", "demo", "stop", cwd=place)
    return Section(
        "The demo",
        ("", "clock s", "aim", "CPU s"),
        (("`floe demo`", f"{measured.wall_s:.1f}", "45", f"{measured.cpu_s:.1f}"),),
        "Once, from nothing to Dagster's UI answering; the CPU is without the UI's own processes.",
    )


if __name__ == "__main__":
    print(measure())
