"""What it costs to ask where rows come from, with a long history and a large platform.

The history is one real run, written down again and again under other ids.
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
import uuid
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from benchmarks import project
from benchmarks.measuring import cost, median
from benchmarks.table import Section

_RUNS = 10_000
_MODELS = 5_000
_ROUNDS = 5
_LEDGER = ("runs", "models", "tests", "writes", "planned")


def measure() -> Section:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "bench"
        project.write(place, 5)
        cost("floe", "run", cwd=place)
        _repeat_history(place / ".floe")
        rows = [
            _row(place, "`floe why TABLE`", 0.5, "why", "model_003"),
            _row(place, "`floe trace RUN`", 0.5, "trace"),
        ]
        _widen(place / "target" / "floe" / "compiled_artifacts.json")
        last = f"wide_{_MODELS - 1:05}"
        rows += [
            _row(place, "`floe lineage TABLE`", 1.0, "lineage", last),
            _row(place, "`floe lineage TABLE --column C`", 1.0, "lineage", last, "--column", "c0"),
            _row(place, "`floe lineage`, every edge", 1.0, "lineage"),
        ]
    return Section(
        "Where rows come from",
        ("", "CPU s", "aim", "clock s", "MiB"),
        rows,
        f"`why` and `trace` with {_RUNS:,} runs of 5 models in the ledger and in the store of what was told;"
        f" `lineage` over {_MODELS:,} models of five columns, each reading two. Medians of {_ROUNDS}.",
    )


def _row(place: Path, name: str, aim: float, *arguments: str) -> Sequence[str]:
    found = median([cost("floe", *arguments, cwd=place) for _ in range(_ROUNDS)])
    return (name, f"{found.cpu_s:.2f}", f"{aim}", f"{found.wall_s:.2f}", f"{found.memory_mib:.0f}")


def _repeat_history(state_dir: Path) -> None:
    others = [str(uuid.uuid4()) for _ in range(_RUNS - 1)]
    for file, tables in (("ledger.db", _LEDGER), ("telemetry/telemetry.db", ("spans", "lineage"))):
        with closing(sqlite3.connect(state_dir / file)) as connection, connection:
            connection.execute("create temp table others (run text primary key, trace text)")
            connection.executemany(
                "insert into others values (?, ?)", [(run, run.replace("-", "")) for run in others]
            )
            for table in tables:
                _repeat(connection, table)


def _repeat(connection: sqlite3.Connection, table: str) -> None:
    columns = [row[1] for row in connection.execute(f"pragma table_info({table})")]
    others = {
        "run_id": "others.run",
        "floe_run_id": "others.run",
        "trace_id": "others.trace",
        "span_id": "substr(others.trace, 1, 8) || substr(span_id, 9)",
        "parent_id": "substr(others.trace, 1, 8) || substr(parent_id, 9)",
        "started_at": "replace(started_at, '20', '19')",  # before the real one
    }
    values = ", ".join(others.get(column, f"own.{column}") for column in columns)
    connection.execute(f"insert or ignore into {table} select {values} from {table} own, others")


def _widen(path: Path) -> None:
    """Let the artifact have many models that read each other, as an artifact has them."""
    content = json.loads(path.read_bytes())
    model = content["transforms"][-1]
    content["transforms"] = [_wide(model, number) for number in range(_MODELS)]
    path.write_text(json.dumps(content))


def _wide(model: dict[str, Any], number: int) -> dict[str, Any]:
    above = sorted({(number - 1) // 2, number * 2 // 3} - {number}) if number else []
    columns = [
        {
            **model["columns"][0],
            "name": f"c{place}",
            "inputs": [
                {
                    "dataset": f"{model['namespace']}.wide_{each:05}",
                    "column": f"c{place}",
                    "transformation": "IDENTITY",
                }
                for each in above
            ],
        }
        for place in range(5)
    ]
    return {
        **model,
        "name": f"wide_{number:05}",
        "table": f"wide_{number:05}",
        "unique_id": f"model.bench.wide_{number:05}",
        "depends_on": [f"model.bench.wide_{each:05}" for each in above],
        "columns": columns,
    }


if __name__ == "__main__":
    print(measure())
