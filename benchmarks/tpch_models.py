"""TPC-H as models, on the lake and in DuckDB's own tables: ``python -m benchmarks.tpch_models DIR``.

DIR keeps the tables between times. The 22 queries are those of DuckDB's tpch extension, which comes
as a wheel (``duckdb-extension-tpch``); its file is looked for in DIR, else among DuckDB's own extensions.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import duckdb

from benchmarks.measuring import cost
from floe_core.ledger import Ledger

_SCALE = 1
_ROUNDS = 3
_TABLES = ("customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier")
_PROJECT = "name: tpch\nversion: '1.0'\nprofile: tpch\nmodels: {+materialized: table}\n"
_PROFILES = "tpch: {target: dev, outputs: {dev: {type: duckdb, path: tpch.duckdb, threads: 1}}}\n"
_SPEC = "metadata: {name: tpch}\ncompute: {config: {threads: 1}}\n"


def prepare(folder: Path) -> None:
    """Generate the tables, write the project twice and load both."""
    files = folder / "files"
    files.mkdir(parents=True)
    with duckdb.connect(config={"allow_unsigned_extensions": "true"}) as con:
        found = next(folder.rglob("tpch.duckdb_extension"), None)
        con.load_extension(str(found) if found else "tpch")
        con.execute(f"call dbgen(sf = {_SCALE})")
        for table in _TABLES:
            con.execute(f"copy {table} to '{files}/{table}.parquet'")
        queries = con.execute("select query_nr, query from tpch_queries()").fetchall()
    for place in (folder / "native", folder / "lake"):
        _write(place, files, queries)
    cost("dbt", "build", "--profiles-dir", ".", "--select", "path:models/load", cwd=folder / "native")
    cost("floe", "run", "--select", "path:models/load", cwd=folder / "lake")


def _write(place: Path, files: Path, queries: Sequence[tuple[int, str]]) -> None:
    for part in ("load", "query"):
        (place / "models" / part).mkdir(parents=True)
    (place / "dbt_project.yml").write_text(_PROJECT)
    (place / "profiles.yml").write_text(_PROFILES)
    (place / "floe.yaml").write_text(_SPEC)
    for table in _TABLES:
        (place / "models" / "load" / f"{table}.sql").write_text(f"select * from '{files}/{table}.parquet'\n")
    read = "".join(f"-- depends_on: {{{{ ref('{table}') }}}}\n" for table in _TABLES)
    for number, query in queries:
        path = place / "models" / "query" / f"q{number:02}.sql"
        path.write_text(read + query.strip().rstrip(";") + "\n")


def measure(folder: Path) -> dict[str, list[float]]:
    """Seconds of each query, the least of several rounds, and the CPU seconds of the whole command."""
    native: list[dict[str, float]] = []
    lake: list[dict[str, float]] = []
    cpu: dict[str, list[float]] = {"native": [], "lake": []}
    for _ in range(_ROUNDS):
        command = ("--select", "path:models/query")
        whole = cost("dbt", "build", "--profiles-dir", ".", *command, cwd=folder / "native")
        results = json.loads((folder / "native" / "target" / "run_results.json").read_text())["results"]
        native.append({each["unique_id"]: each["execution_time"] for each in results})
        cpu["native"].append(whole.cpu_s)
        cpu["lake"].append(cost("floe", "run", *command, cwd=folder / "lake").cpu_s)
        ledger = Ledger(folder / "lake" / ".floe")
        [run] = ledger.runs(limit=1)
        models = ledger.attempt(run.run_id, run.attempt).models
        lake.append({model.unique_id: model.seconds for model in models})
    for name in sorted(native[0]):
        ours, theirs = min(each[name] for each in lake), min(each[name] for each in native)
        print(f"{name:20} {theirs:6.2f} s native  {ours:6.2f} s lake  {ours / theirs:5.2f}x")
    totals = [min(sum(each.values()) for each in rounds) for rounds in (native, lake)]
    print(f"22 queries: {totals[0]:.2f} s native, {totals[1]:.2f} s lake, {totals[1] / totals[0]:.2f}x")
    print(f"whole command, CPU s: dbt build {min(cpu['native']):.2f}, floe run {min(cpu['lake']):.2f}")
    return cpu


if __name__ == "__main__":
    place = Path(sys.argv[1]).resolve()
    if not (place / "lake").exists():
        prepare(place)
    if sys.argv[2:] != ["prepare"]:
        measure(place)
