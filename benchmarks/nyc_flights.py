"""examples/nyc-flights, a year of real flights: floe beside the same project on plain dbt-duckdb."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.measuring import Cost, cost, median
from benchmarks.table import Section

_EXAMPLE = Path(__file__).parent.parent / "examples" / "nyc-flights"
_MADE = shutil.ignore_patterns(".floe", "target", "logs", "data")
_ROUNDS = 3
_COMMANDS: Mapping[str, Sequence[str]] = {
    "dbt build": ("dbt", "build", "--profiles-dir", "."),
    "floe run": ("floe", "run"),
}


def measure() -> Section:
    first: dict[str, list[Cost]] = {name: [] for name in _COMMANDS}
    again: dict[str, list[Cost]] = {name: [] for name in _COMMANDS}
    with tempfile.TemporaryDirectory() as folder:
        data = _fetched(Path(folder) / "fetched")
        for number in range(_ROUNDS):
            # one after the other in every round, so that a noisy minute hits both
            for name, (program, *arguments) in _COMMANDS.items():
                place = _copied(Path(folder) / f"{number}-{program}", data)
                for costs in (first, again):
                    costs[name].append(cost(program, *arguments, cwd=place))
                shutil.rmtree(place)
    return _section(
        {name: median(costs) for name, costs in first.items()},
        {name: median(costs) for name, costs in again.items()},
    )


def _fetched(place: Path) -> Path:
    shutil.copytree(_EXAMPLE, place, ignore=_MADE)
    cost("python", "fetch.py", cwd=place)
    return place / "data"


def _copied(place: Path, data: Path) -> Path:
    shutil.copytree(_EXAMPLE, place, ignore=_MADE)
    (place / "data").symlink_to(data)
    return place


def _section(first: Mapping[str, Cost], again: Mapping[str, Cost]) -> Section:
    rows = []
    for title, measured in (("first run", first), ("second run", again)):
        plain = measured["dbt build"].cpu_s
        rows += [_row(f"`{name}`, {title}", measured[name], plain) for name in _COMMANDS]
    return Section(
        "A year of flights beside plain dbt",
        ("", "CPU s", "times dbt's", "clock s", "MiB"),
        rows,
        f"`examples/nyc-flights`: 336,776 flights, 13 models, 33 tests; medians of {_ROUNDS}. The second\n"
        "run merges the newest days into `silver_flights`. floe's rows lie in Parquet, in an\n"
        "Iceberg catalog, flushed to disk; its first run has the compilation in it.",
    )


def _row(title: str, measured: Cost, plain_cpu_s: float) -> Sequence[str]:
    ratio = measured.cpu_s / plain_cpu_s
    return (
        title, f"{measured.cpu_s:.2f}", f"{ratio:.2f}", f"{measured.wall_s:.2f}", f"{measured.memory_mib:.0f}"
    )  # fmt: skip


if __name__ == "__main__":
    print(measure())
