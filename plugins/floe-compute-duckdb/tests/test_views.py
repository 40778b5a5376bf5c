"""Views that are inlined: named queries for the models of their product, and no tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from click.testing import CliRunner
from dbt.cli.main import dbtRunner

from floe_core.cli.program import program
from floe_core.compiler import compile_floe_spec
from floe_core.errors import SpecError
from floe_orchestrator_dagster.definitions import load_definitions
from testing.shop import Shop, written

NAMES = """{{ config(materialized='table') }}
{% set names = adapter.get_columns_in_relation(ref('twice')) | map(attribute='name') | join(', ') %}
select {{ names or '*' }} from {{ ref('twice') }}
"""
FILES = {
    "floe.yaml": "metadata: {name: corner-shop}\nviews: inline\n",
    "dbt_project.yml": "name: corner_shop\nversion: '1.0'\nprofile: corner_shop\n",
    "seeds/raw.csv": "id,amount\n1,10\n2,20\n2,5\n",
    # neither an interval nor the HUGEINT of a sum could be stored as it is; what a query calls its own parts
    # may be called as a view is
    "models/stg.sql": "with twice as (from {{ ref('raw') }})"
    " select id, sum(amount) as total, interval 1 day due from twice group by id",
    "models/twice.sql": "with twice as (select id, total * 2 as total from {{ ref('stg') }}) from twice",
    "models/asked.sql": NAMES,
    "models/landed.sql": "{{ config(meta={'floe': {'views': 'table'}}) }} select * from {{ ref('twice') }}",
    "models/schema.yml": "models: [{name: stg, columns: [{name: id, data_tests: [unique]}]}]\n",
}


def floe(*arguments: str) -> Any:
    done = CliRunner().invoke(program, [*arguments, "--output", "json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.mark.requirement("FR-021", "FR-022", "FR-048")
def test_an_inlined_view_is_a_query_wherever_it_is_read_and_a_table_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = written(Shop(tmp_path), FILES)
    monkeypatch.chdir(tmp_path)

    plan = CliRunner().invoke(program, ["plan"]).stdout
    result = shop.run()
    again = shop.run("asked")  # neither view is built here
    shop.write("models/stg.sql", FILES["models/stg.sql"].replace("sum(amount)", "max(amount)"))
    changed = shop.run("landed")

    assert "no table is written, what reads it has its query inlined" in plan
    states = {model.name: (model.state, model.rows) for model in result.models}
    assert states["stg"] == states["twice"] == ("succeeded", None)
    assert [test.state for test in result.tests] == ["passed"]
    assert (again.state, changed.state) == ("succeeded", "succeeded")
    published = {name: [row.get("total", 0) for row in rows] for name, (_, rows) in shop.published().items()}
    assert {name: sorted(totals) for name, totals in published.items() if name != "raw"} == {
        "asked": [20, 50],
        "landed": [20, 40],
    }
    assert set(published) == {"raw", "asked", "landed"}


@pytest.mark.requirement("FR-015")
def test_a_view_that_others_are_promised_is_not_inlined(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema = """
models:
- {name: twice, config: {meta: {floe: {views: inlined}}}}
- {name: stg, config: {access: public}}
- name: agreed
  config: {contract: {enforced: true}}
  columns: [{name: n, data_type: integer}]
"""
    asked = (
        "select {% if execute %}{{ run_query('select 1').columns[0].values()[0] }}{% else %}1{% endif %} as n"
    )
    more = {"models/schema.yml": schema, "models/agreed.sql": "select 1 as n", "models/later.sql": asked}
    written(Shop(tmp_path), {**FILES, **more})
    monkeypatch.chdir(tmp_path)

    with pytest.raises(SpecError) as refused:
        compile_floe_spec(tmp_path)

    assert [f"{problem.at} {problem.code} {problem.message}" for problem in refused.value.problems] == [
        "models/later.sql:1:1 FLOE-E474 view 'later' cannot be inlined: its SQL depends on what a query"
        " answers while it is rendered",
        "models/schema.yml:3:3 FLOE-E473 meta.floe.views of model 'twice' is 'inlined'",
        "models/schema.yml:4:3 FLOE-E474 view 'stg' cannot be inlined: its access is public, and other"
        " products find tables only",
        "models/schema.yml:5:3 FLOE-E474 view 'agreed' cannot be inlined: its contract is enforced, which"
        " promises a table to others",
    ]


@pytest.mark.requirement("FR-093", "FR-048")
def test_queries_lineage_and_dagster_see_through_an_inlined_view(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "manifest.yaml").write_text("metadata: {name: chain}\n")
    shop = written(Shop(tmp_path / "shop", platform=tmp_path), FILES)
    shop.run()
    location, artifacts = shop.compile()
    other = {
        "floe.yaml": "metadata: {name: office}\n",
        "dbt_project.yml": "name: office\nversion: '1.0'\nprofile: office\n",
        "models/m.sql": "select * from {{ source('shop', 'stg') }}",
        "models/s.yml": "sources: [{name: shop, schema: corner_shop, tables: [{name: stg}]}]\n",
    }
    written(Shop(tmp_path / "office", "office", tmp_path), other)
    monkeypatch.chdir(tmp_path)

    rows = floe(
        "query", "select id, twice.total from corner_shop.twice join corner_shop.stg using (id) order by id"
    )
    places = ("--profiles-dir", str(location.generated_dir), "--project-dir", str(shop.home))
    dbtRunner().invoke(["docs", "generate", *places, "--quiet", "--log-level-file", "none"])
    definitions = load_definitions(
        str(location.generated_dir / "definitions.py"), manifest="../../../manifest.yaml"
    )
    with pytest.raises(SpecError) as refused:
        compile_floe_spec(tmp_path / "office")

    assert [str(value) for value in rows["rows"][0]] == ["1", "20"]
    docs = json.loads((shop.home / "target" / "catalog.json").read_text())["nodes"]
    assert {name.split(".")[-1]: node["metadata"]["type"] for name, node in docs.items()} == {
        **dict.fromkeys(("raw", "asked", "landed"), "BASE TABLE"),
        **dict.fromkeys(("stg", "twice"), "VIEW"),
    }
    graph = definitions.resolve_asset_graph()
    assert {tuple(key.path) for key in graph.get_all_asset_keys()} == {
        ("corner-shop", name) for name in ("raw", "asked", "landed")
    }
    assert graph.get(dg.AssetKey(["corner-shop", "landed"])).parent_keys == {
        dg.AssetKey(["corner-shop", "raw"])
    }
    [landed] = [each for each in artifacts.transforms if each.name == "landed"]
    assert (landed.stored, [column.type for column in landed.columns]) == (True, ["INTEGER", "DECIMAL(38,0)"])
    assert [problem.code for problem in refused.value.problems] == ["FLOE-E475"]
