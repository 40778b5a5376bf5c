"""``floe run`` beside plain ``dbt build`` on dbt-duckdb: what a run costs, and what a model does."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks import project
from benchmarks.measuring import Cost, cost, median
from benchmarks.table import Section

_SIZES = (1, 20, 100)
_ROUNDS = 3
_COMMANDS: Mapping[str, Sequence[str]] = {
    "dbt build": ("dbt", "build", "--profiles-dir", "."),
    "floe run": ("floe", "run"),
}
_Costs = Mapping[int, Cost]


def measure() -> Section:
    first: dict[str, dict[int, Cost]] = {name: {} for name in _COMMANDS}
    again: dict[str, dict[int, Cost]] = {name: {} for name in _COMMANDS}
    for models in _SIZES:
        with tempfile.TemporaryDirectory() as folder:
            places = {name: Path(folder) / name.replace(" ", "-") for name in _COMMANDS}
            for name, place in places.items():
                project.write(place, models)
                first[name][models] = _once(name, place)
            # one after the other in every round, so that a noisy minute hits both
            rounds = [{name: _once(name, place) for name, place in places.items()} for _ in range(_ROUNDS)]
            for name in _COMMANDS:
                again[name][models] = median([costs[name] for costs in rounds])
    return _section(first, again)


def _once(name: str, place: Path) -> Cost:
    program, *arguments = _COMMANDS[name]
    return cost(program, *arguments, cwd=place)


def line(costs: _Costs) -> tuple[float, float]:
    """Least squares over the CPU seconds: the cost of a run, and of each model in it."""
    fit = statistics.linear_regression(list(costs), [cost.cpu_s for cost in costs.values()])
    return fit.intercept, fit.slope


def _section(first: Mapping[str, _Costs], again: Mapping[str, _Costs]) -> Section:
    rows = []
    for title, measured in (("first time", first), ("again", again)):
        rows += [_row(f"`{name}`, {title}", measured[name]) for name in _COMMANDS]
        rows.append(_difference(title, measured))
    return Section(
        "A run beside plain dbt",
        ("CPU s", *(f"{size} models" for size in _SIZES), "fixed", "ms a model"),
        rows,
        f"'Again' is the median of {_ROUNDS} runs of the unchanged project, 'first time' one of a new\n"
        "project, which for floe has the compilation in it. The last two columns are fitted by least\n"
        "squares. Aim, again: at most 4.5 s fixed and 60 ms a model on top of plain dbt.",
    )


def _row(title: str, costs: _Costs) -> Sequence[str]:
    fixed, each = line(costs)
    return (title, *(f"{cost.cpu_s:.2f}" for cost in costs.values()), f"{fixed:.2f}", f"{1000 * each:.0f}")


def _difference(title: str, measured: Mapping[str, _Costs]) -> Sequence[str]:
    plain, ours = measured["dbt build"], measured["floe run"]
    on_top = [
        f"+{ours[size].cpu_s - plain[size].cpu_s:.2f} ({ours[size].cpu_s / plain[size].cpu_s:.1f}x)"
        for size in _SIZES
    ]
    (plain_fixed, plain_each), (our_fixed, our_each) = line(plain), line(ours)
    return (
        f"on top, {title}",
        *on_top,
        f"+{our_fixed - plain_fixed:.2f}",
        f"+{1000 * (our_each - plain_each):.0f}",
    )


if __name__ == "__main__":
    print(measure())
