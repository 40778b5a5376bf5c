"""How fast the command line answers: ``floe --help``, and ``floe compile`` when nothing changed."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks import project
from benchmarks.measuring import Cost, cost, median
from benchmarks.table import Section

_ROUNDS = 9
_MODELS = 20


def measure() -> Section:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "bench"
        project.write(place, _MODELS)
        help_ = median([cost("floe", "--help", cwd=place) for _ in range(_ROUNDS)])
        first = cost("floe", "compile", cwd=place)
        again = median([cost("floe", "compile", cwd=place) for _ in range(_ROUNDS)])
    return Section(
        "Start",
        ("", "CPU s", "aim", "clock s", "MiB"),
        (
            _row("`floe --help`", help_, "0.15"),
            _row(f"`floe compile`, {_MODELS} models, nothing changed", again, "0.50"),
            _row(f"`floe compile`, {_MODELS} models, first time", first, "-"),
        ),
        f"Medians of {_ROUNDS}; the first compile is measured once.",
    )


def _row(name: str, measured: Cost, aim: str) -> Sequence[str]:
    return (name, f"{measured.cpu_s:.2f}", aim, f"{measured.wall_s:.2f}", f"{measured.memory_mib:.0f}")


if __name__ == "__main__":
    print(measure())
