"""``floe compile`` beside ``dbt parse``, and column lineage beside SQLMesh's."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks import wide_project
from benchmarks.measuring import BIN, Cost, cost, median
from benchmarks.table import Section

_MODELS, _MANY, _PRODUCTS = 1000, 10_000, 200
_ROUNDS = 3
_SQLMESH = ("sqlmesh==0.236.0", "dbt-core>=1.11,<1.12", "dbt-duckdb==1.11.1", "duckdb==1.5.5")
_SQLMESH_SAMPLE = 50
_PARSE = ("dbt", "parse", "--profiles-dir", ".", "--no-write-json", "--quiet")
_LINEAGE = Path(__file__).with_name("lineage_of.py")
_STAGES = Path(__file__).with_name("stages_of.py")


def measure() -> Section:
    rows = [*_thousand(), *_ten_thousand(), _platform()]
    return Section(
        "Compiling beside dbt and SQLMesh",
        ("CPU s", "dbt parse", "floe compile", "on top", "aim"),
        rows,
        "Models of `benchmarks/wide_project.py`: CTEs, joins, windows; five columns and one test each.\n"
        f"Medians of {_ROUNDS}, cold runs once. 'Proof' is rendering, binding and lineage.\n"
        "SQLMesh 0.236 loads the project in an environment of its own; its lineage is a sample's, scaled up.",
    )


def _thousand() -> list[Sequence[str]]:
    with tempfile.TemporaryDirectory() as folder:
        floe, dbt = Path(folder) / "floe", Path(folder) / "dbt"
        wide_project.write(floe, _MODELS)
        wide_project.write(dbt, _MODELS)
        rows = [_row(f"{_MODELS} models, cold", cost(*_PARSE, cwd=dbt), _compile(floe), "+3")]
        rounds = [(cost(*_PARSE, cwd=dbt), _compile(floe)) for _ in range(_ROUNDS)]
        unchanged = median([mine for _, mine in rounds])
        rows.append(
            _row("nothing changed", median([theirs for theirs, _ in rounds]), unchanged, "0.5 in all")
        )
        rounds = [(_edited(dbt, n, *_PARSE), _edited(floe, n, "floe", "compile")) for n in range(_ROUNDS)]
        pairs = median([theirs for theirs, _ in rounds]), median([mine for _, mine in rounds])
        rows.append(_row("one model edited", *pairs, "+1"))
        lineage = _json(sys.executable, _LINEAGE, floe)
        sqlmesh_load, sqlmesh_lineage = _sqlmesh(Path(folder), dbt)
        rows.append(("loading, in SQLMesh", "", "", sqlmesh_load, "-"))
        rows.append(("column lineage of all models", "", f"{lineage['lineage_s']:.2f}", "", "5"))
        rows.append(("the same in SQLMesh", "", "", sqlmesh_lineage, "-"))
        return rows


def _ten_thousand() -> list[Sequence[str]]:
    with tempfile.TemporaryDirectory() as folder:
        wide_project.write(Path(folder) / "floe", _MANY)
        told = _json(sys.executable, _STAGES, Path(folder) / "floe")
    return [
        (f"{_MANY} models, proof", f"{told['parse_s']:.1f}", "", f"+{told['proof_s']:.1f}", "+30"),
        (f"{_MANY} models, artifact written and read", "", f"{told['artifact_s']:.2f}", "", "2"),
        (f"{_MANY} models, MiB", "", f"{told['memory_mib']:.0f}", "", "1024"),
    ]


def _platform() -> Sequence[str]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "manifest.yaml").write_text("metadata: {name: bench}\n")
        for number in range(_PRODUCTS):
            wide_project.write(root / f"product-{number:03}", 5, product=f"product-{number:03}")
        cost("floe", "platform", "compile", cwd=root)
        again = median([cost("floe", "platform", "compile", cwd=root) for _ in range(_ROUNDS)])
    return (f"{_PRODUCTS} products, nothing changed", "", f"{again.cpu_s:.2f}", "", "2")


def _compile(place: Path) -> Cost:
    return cost("floe", "compile", cwd=place)


def _edited(place: Path, number: int, program: str, *arguments: str) -> Cost:
    """One model gets another value, so that its SQL is another; its columns stay."""
    model = place / "models" / f"model_{_MODELS // 2 + number:05}.sql"
    model.write_text(model.read_text().replace("<= 3", "<= 4"))
    return cost(program, *arguments, cwd=place)


def _sqlmesh(folder: Path, project: Path) -> tuple[str, str]:
    environment = folder / "sqlmesh-environment"
    python = environment / "bin" / "python"
    subprocess.run([BIN / "uv", "venv", "--quiet", environment, "--python", sys.executable], check=True)
    subprocess.run([BIN / "uv", "pip", "install", "--quiet", "--python", python, *_SQLMESH], check=True)
    (project / "config.py").write_text(
        "from pathlib import Path\nfrom sqlmesh.dbt.loader import sqlmesh_config\n"
        "config = sqlmesh_config(Path(__file__).parent)\n"
    )
    text = (project / "dbt_project.yml").read_text().replace("models: {", "models: {+start: '2026-01-01', ")
    (project / "dbt_project.yml").write_text(text)
    told = _json(python, Path(__file__).with_name("sqlmesh_load.py"), project, str(_SQLMESH_SAMPLE))
    lineage_s = told["lineage_s"] * _MODELS / _SQLMESH_SAMPLE
    return f"{told['load_s']:.1f}", f"{lineage_s:.0f}"


def _json(*command: str | Path) -> dict[str, float]:
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def _row(title: str, dbt: Cost, floe: Cost, aim: str) -> Sequence[str]:
    on_top = f"{floe.cpu_s - dbt.cpu_s:+.2f}"
    return (title, f"{dbt.cpu_s:.2f}", f"{floe.cpu_s:.2f}", on_top, aim)


if __name__ == "__main__":
    print(measure())
