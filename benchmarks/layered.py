"""A run in projects of many tables, beside dbt-duckdb: ``python -m benchmarks.layered [prepare] MODELS``.

A project of four layers, each model one of a thousand rows that reads two of the layer below; then a run
of one model in it, which is to cost the same however many tables stand beside it.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks import project
from benchmarks.measuring import Cost, cost, median

_LAYERS = ("raw", "staging", "intermediate", "marts")
_ROUNDS = 3
_STATE = Path(tempfile.gettempdir()) / "floe-benchmark-layered"


def write(folder: Path, models: int) -> None:
    """A quarter of the models in each of four layers."""
    project.write(folder, 0)
    each = models // len(_LAYERS)
    for layer, name in enumerate(_LAYERS):
        for number in range(each):
            path = folder / "models" / name / f"{name}_{number:04}.sql"
            path.parent.mkdir(exist_ok=True)
            path.write_text(_sql(layer, number, each))


def _sql(layer: int, number: int, each: int) -> str:
    if layer == 0:
        kind = f"(i * {number + 1}) % 97 as kind"
        return f"select i as id, {kind}, i * 0.5 as amount from range(1000) as numbers(i)\n"
    below = _LAYERS[layer - 1]
    left, right = f"{below}_{number:04}", f"{below}_{(number * 7 + 3) % each:04}"
    return (
        "select l.id, l.kind, l.amount + coalesce(r.amount, 0) as amount\n"
        f"from {{{{ ref('{left}') }}}} as l left join {{{{ ref('{right}') }}}} as r using (id)\n"
    )


def measure(models: int) -> dict[str, Cost]:
    """Both of the whole project again, and of one model of it, after a first time that is not counted."""
    folder = _STATE / str(models)
    places = {"dbt": folder / "dbt", "floe": folder / "floe"}
    for place in places.values():
        if not place.exists():
            write(place, models)
    found = {}
    for scope, arguments in (("all", ()), ("one", ("--select", "marts_0000"))):
        rounds = [_round(places, arguments) for _ in range(1 if scope == "all" and models > 500 else _ROUNDS)]
        for name in places:
            found[f"{name}, {scope}"] = median([each[name] for each in rounds])
    return found


def prepare(models: int) -> None:
    """The first time of both: everything is written and, for floe, compiled."""
    folder = _STATE / str(models)
    for name in ("dbt", "floe"):
        write(folder / name, models)
    _round({name: folder / name for name in ("dbt", "floe")}, ())


def _round(places: dict[str, Path], arguments: Sequence[str]) -> dict[str, Cost]:
    return {
        "dbt": cost("dbt", "build", "--profiles-dir", ".", *arguments, cwd=places["dbt"]),
        "floe": cost("floe", "run", *arguments, cwd=places["floe"]),
    }


def main(arguments: Sequence[str]) -> None:
    if arguments[:1] == ["prepare"]:
        for models in arguments[1:]:
            prepare(int(models))
        return
    for models in arguments or ("200", "1000"):
        costs = measure(int(models))
        for name, each in costs.items():
            print(f"{models:>5} models  {name:10}  {each.cpu_s:7.2f} CPU s  {each.wall_s:7.2f} s", flush=True)
        print(json.dumps({name: each.cpu_s for name, each in costs.items()}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
