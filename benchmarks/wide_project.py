"""A dbt project of many models as people write them: CTEs, joins, windows, described and tested."""

from __future__ import annotations

from pathlib import Path

_DBT_PROJECT = "name: wide\nversion: 1.0.0\nprofile: wide\nmodels: {wide: {+materialized: view}}\n"
_PROFILES = "wide:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: wide.duckdb, threads: 4}\n"
_SPEC = "apiVersion: floe.dev/v1\nkind: Product\nmetadata: {name: wide, owner: bench}\n"
_STAGING = """\
select
    {n} as id,
    cast({n} % 7 as integer) as kind,
    cast('item {n}' as varchar) as name,
    cast({n} * 1.5 as decimal(18, 2)) as amount,
    date '2026-01-01' + {n} as day
"""
_JOINED = """\
with items as (
    select * from {{{{ ref('model_{left:05}') }}}}
),

others as (
    select id, kind, amount from {{{{ ref('model_{right:05}') }}}} where amount is not null
),

ranked as (
    select *, row_number() over (partition by kind order by day desc) as place from items
)

select
    ranked.id,
    ranked.kind,
    upper(ranked.name) as name,
    coalesce(others.amount, 0) + {n} as amount,
    case when ranked.place = 1 then ranked.day end as day
from ranked
left join others on others.id = ranked.id
where ranked.place <= 3
"""


def write(folder: Path, models: int, *, product: str = "wide") -> None:
    """``models`` models of five columns: a quarter has no upstream, each other one joins two earlier ones."""
    (folder / "models").mkdir(parents=True)
    (folder / "dbt_project.yml").write_text(_DBT_PROJECT)
    (folder / "profiles.yml").write_text(_PROFILES)
    (folder / "floe.yaml").write_text(_SPEC.replace("name: wide", f"name: {product}"))
    roots = max(1, models // 4)
    for n in range(models):
        sql = _STAGING.format(n=n)
        if n >= roots:
            sql = _JOINED.format(n=n, left=n - roots, right=(n * 7919) % roots)
        (folder / "models" / f"model_{n:05}.sql").write_text(sql)
    for first in range(0, models, 100):
        numbers = range(first, min(first + 100, models))
        (folder / "models" / f"models_{first:05}.yml").write_text(_descriptions(numbers))


def _descriptions(numbers: range) -> str:
    lines = ["version: 2", "models:"]
    for n in numbers:
        lines += [f"  - name: model_{n:05}", f"    description: The items of number {n}.", "    columns:"]
        lines += ["      - {name: id, description: The item., data_tests: [not_null]}"]
        lines += ["      - {name: amount, description: What it costs.}"]
    return "\n".join(lines) + "\n"
