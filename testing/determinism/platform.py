"""A platform to compile: five small dbt projects, and as many specs over them as are wanted."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path

MANIFEST = """\
metadata: {name: generated}
plugins:
  compute: {type: duckdb, config: {threads: 2, settings: {TimeZone: UTC, preserve_insertion_order: true}}}
defaults: {schedule: {every: 1h}}
environments: {dev: {}, staging: {}, prod: {compute: {config: {threads: 8}}}}
governance:
  rules:
    tests: {layers: [gold, silver]}
    descriptions: {layers: [gold], columns: true}
    personalData: {columns: [email, '*_phone']}
"""
_SEED = "id,name,email,amount,loaded\n" + "".join(
    f"{n},n{n},n{n}@example.org,{n}.50,2025-01-{n % 28 + 1:02}\n" for n in range(1, 30)
)
_STAGED = "select id, name, email, cast(amount as decimal(9, 2)) as amount, loaded from {{ ref('raw') }}\n"
_TESTED = """\
models:
  - name: mart
    description: What is asked for.
    columns:
      - {name: name, description: Who., data_tests: [not_null, unique]}
      - {name: total, data_tests: [not_null]}
"""
PROJECTS: Mapping[str, Mapping[str, str]] = {
    "plain": {
        "seeds/raw.csv": _SEED,
        "models/staging/stg.sql": _STAGED,
        "models/marts/mart.sql": "select name, sum(amount) as total from {{ ref('stg') }} group by name\n",
        "models/schema.yml": _TESTED,
    },
    "incremental": {
        "seeds/raw.csv": _SEED,
        "models/staging/stg.sql": (
            "{{ config(materialized='incremental', unique_key=['id']) }}\n"
            "select * from {{ ref('raw') }}\n{% if is_incremental() %}"
            "where loaded > (select max(loaded) from {{ this }}){% endif %}\n"
        ),
        "models/marts/mart.sql": "select name, max(amount) as total from {{ ref('stg') }} group by 1\n",
        "models/schema.yml": _TESTED,
    },
    "macros": {
        "macros/sums.sql": (
            "{% macro sums(names) %}{% for n in names %}"
            "sum({{ n }}) as {{ n }}_sum{{ ',' if not loop.last }}{% endfor %}{% endmacro %}\n"
        ),
        "seeds/raw.csv": _SEED,
        "models/staging/stg.sql": _STAGED,
        "models/marts/mart.sql": (
            "select name, {{ sums(['amount', 'id']) }}, sum(amount) as total\n"
            "from {{ ref('stg') }} group by name\n"
        ),
        "models/schema.yml": _TESTED,
        "tests/none_below_zero.sql": "select * from {{ ref('stg') }} where amount < 0\n",
    },
    "sources": {
        "data/rates.csv": "day,rate\n2025-01-01,1.5\n",
        "models/sources.yml": (
            "sources:\n  - name: bank\n    config: {meta: {external_location: 'data/{name}.csv'}}\n"
            "    tables: [{name: rates}]\n"
        ),
        "models/staging/stg.sql": "select day, rate from {{ source('bank', 'rates') }}\n",
        "models/marts/mart.sql": (
            "select cast(day as varchar) as name, avg(rate) as total from {{ ref('stg') }} group by 1\n"
        ),
        "models/schema.yml": _TESTED,
    },
    "umlaute": {
        "seeds/raw.csv": _SEED,
        "models/staging/stg.sql": (
            "{{ config(materialized='ephemeral') }}\n"
            'select name as "straße", amount as "İI", loaded as "größe" from {{ ref(\'raw\') }}\n'
        ),
        "models/marts/mart.sql": (
            'select "straße" as name, sum("İI") as total, count(distinct "größe") as "\u0131i"\n'
            "from {{ ref('stg') }} group by 1\n"
        ),
        "models/schema.yml": _TESTED,
    },
}


def write_platform(folder: Path) -> None:
    """The manifest and the projects; which spec a project has is said later."""
    files = {"manifest.yaml": MANIFEST, ".git/config": ""}
    for name, project in PROJECTS.items():
        files |= {f"{name}/{path}": content for path, content in project.items()}
        files[f"{name}/dbt_project.yml"] = f"name: {name}\nversion: 1.0.0\nprofile: {name}\n"
        files[f"{name}/floe.yaml"] = spec(name, 0)
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content.encode())


def spec(name: str, number: int) -> str:
    """The n-th floe.yaml of a project: its keys, their order and their values are drawn from the number."""
    draw = random.Random(f"{name} {number}")
    owner = draw.choice(["retail", "Größe & Söhne", "\u0131İ", "x" * 40])
    parts = [
        f"metadata: {{name: {name}, version: {draw.randrange(9)}.10, owner: '{owner}'}}\n",
        draw.choice(["", "apiVersion: floe.dev/v1\nkind: Product\n"]),
        draw.choice(
            ["", "schedule: {every: 15m}\n", "schedule: {cron: '0 6 * * *', timezone: Asia/Tokyo}\n"]
        ),
        draw.choice(["", f"retention: {{maxAge: {draw.randrange(1, 90)}d, column: loaded}}\n"]),
        draw.choice(["", "exposes: [silver, gold]\n", "exposes: [gold]\n"]),
        draw.choice(["", "environments: {prod: {schedule: {every: 1d}}, staging: {}}\n"]),
        draw.choice(["", "x-team: {b: 1, a: 2}\n"]),
    ]
    draw.shuffle(parts)
    return "".join(parts)
