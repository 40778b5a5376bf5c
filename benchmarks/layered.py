"""Runs in projects of many tables beside dbt: ``python -m benchmarks.layered [prepare|one|all] [MODELS …]``.

A project of four layers, each model one of a thousand rows that reads two of the layer below; then a run
of one model in it, which is to cost the same on top of dbt's however many tables stand beside it.
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
_SIZES = (12, 200, 1000)
_SCOPES = {"one": ("--select", "marts_0000"), "all": ()}
_ROUNDS = 3
_ONE_ROUND_BEYOND = 500
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


def measure(models: int, scope: str) -> dict[str, float]:
    """CPU seconds of both for the whole project again, or for one model of it; kept for the other scope."""
    folder = _STATE / str(models)
    if not folder.exists():
        prepare(models)
    rounds = 1 if scope == "all" and models > _ONE_ROUND_BEYOND else _ROUNDS
    costs = [_round({name: folder / name for name in ("dbt", "floe")}, _SCOPES[scope]) for _ in range(rounds)]
    kept = folder / "costs.json"
    found: dict[str, float] = json.loads(kept.read_text()) if kept.exists() else {}
    for name in ("dbt", "floe"):
        cost = median([each[name] for each in costs])
        found[f"{name}, {scope}"] = cost.cpu_s
        print(
            f"{models:>5} models  {name:4}  {scope}  {cost.cpu_s:7.2f} CPU s  {cost.wall_s:7.2f} s",
            flush=True,
        )
    kept.write_text(json.dumps(found))
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


def _on_top(models: int, found: dict[str, float]) -> None:
    """What floe costs more than dbt: of one model, and of each further one."""
    fixed = found["floe, one"] - found["dbt, one"]
    each = {name: (found[f"{name}, all"] - found[f"{name}, one"]) / (models - 1) for name in ("dbt", "floe")}
    print(f"{models:>5} models  one model: +{fixed:.2f} CPU s on top of dbt's {found['dbt, one']:.2f}")
    more = (each["floe"] - each["dbt"]) * 1000
    print(f"{models:>5} models  each further one: +{more:.0f} ms on top of dbt's {each['dbt'] * 1000:.0f}")


def main(arguments: Sequence[str]) -> None:
    scopes = [name for name in arguments if not name.isdigit()] or list(_SCOPES)
    for models in [int(name) for name in arguments if name.isdigit()] or _SIZES:
        if scopes == ["prepare"]:
            prepare(models)
            continue
        for scope in scopes:
            found = measure(models, scope)
        if len(found) == 2 * len(_SCOPES):
            _on_top(models, found)


if __name__ == "__main__":
    main(sys.argv[1:])
