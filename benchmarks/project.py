"""A dbt project of any number of small models, the same for floe and for plain dbt."""

from __future__ import annotations

from pathlib import Path

_ROWS = 1000
_DBT_PROJECT = """\
name: bench
version: 1.0.0
profile: bench
models:
  bench:
    +materialized: table
"""
_PROFILES = """\
bench:
  target: dev
  outputs:
    dev: {type: duckdb, path: bench.duckdb, threads: 4}
"""
_SPEC = """\
apiVersion: floe.dev/v1
kind: Product
metadata: {name: bench}
"""


def write(folder: Path, models: int) -> None:
    """``models`` models: the first makes the rows, the others read it."""
    (folder / "models").mkdir(parents=True)
    (folder / "dbt_project.yml").write_text(_DBT_PROJECT)
    (folder / "profiles.yml").write_text(_PROFILES)
    (folder / "floe.yaml").write_text(_SPEC)
    for number in range(models):
        (folder / "models" / f"model_{number:03}.sql").write_text(_sql(number))


def _sql(number: int) -> str:
    if number == 0:
        return f"select i as id, i % 7 as kind, i * 0.5 as amount from range({_ROWS}) as numbers(i)\n"
    return (
        f"select kind, count(*) as orders, sum(amount) + {number} as amount\n"
        "from {{ ref('model_000') }}\ngroup by kind\n"
    )
