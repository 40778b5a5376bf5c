"""What people do in projects that were written for DuckDB: all in one project, compiled and run once."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest
from pyiceberg.catalog.sql import SqlCatalog

from floe_core.run_result import RunResult
from floe_core.schemas.artifacts import CompiledArtifacts
from testing.shop import Shop, written
from testing.stock_dbt import ask

MANIFEST = """
metadata: {name: analytics}
plugins:
  catalog: {type: local, config: {name: analytics}}
  compute:
    type: duckdb
    config:
      threads: 4
      attach: [{path: old.duckdb, alias: old}]
      plugins: [{module: numbers_of_ours, alias: numbers, config: {first: 7}}]
      modulePaths: [python]
"""
SOURCES = """
sources:
- name: raw  # a seed of this very project
  schema: reporting
  tables: [{name: orders, identifier: raw_orders}]
- {name: old, database: old, schema: main, tables: [{name: legacy}]}
- name: numbers
  config: {plugin: numbers}
  tables: [{name: made_up}]
- name: files
  tables:
  - {name: lines, config: {external_location: "data/lines.json"}}
  - {name: part, config: {external_location: "data/*.parquet"}}
"""
PLUGIN = """
import pyarrow
from dbt.adapters.duckdb.plugins import BasePlugin


class Plugin(BasePlugin):
    def initialize(self, config):
        self.first = config["first"]

    def load(self, source_config):
        return pyarrow.table({"n": [self.first, self.first + 1]})
"""
KIND = """
{% macro kind() %}{{ return(adapter.dispatch('kind', 'tools')()) }}{% endmacro %}
{% macro default__kind() %}{{ return('any') }}{% endmacro %}
{% macro duckdb__kind() %}{{ return('duckdb') }}{% endmacro %}
"""
LISTED = """
{% set found = run_query("select table_name from information_schema.tables where table_schema = 'reporting'"
  " and table_name ilike '%order%' and table_name <> 'listed' order by 1") %}
-- depends_on: {{ ref('raw_orders') }} {{ ref('Order') }}
select '{{ found.columns[0].values() | join(' ') if found else '' }}' as names
"""
FILES = {
    "floe.yaml": "metadata: {name: reporting}\n",
    "dbt_project.yml": "name: habits\nversion: '1.0'\nprofile: habits\nmodels: {+materialized: table}\n",
    "packages.yml": "packages: [{local: tools}]\n",
    "dbt_packages/tools/dbt_project.yml": "name: tools\nversion: '1.0'\n",
    "dbt_packages/tools/macros/kind.sql": KIND,
    "python/numbers_of_ours.py": PLUGIN,
    "seeds/raw_orders.csv": "id,amount\n1,10\n2,20\n",
    "data/lines.json": '{"id": 1, "tags": ["a", "b"]}\n{"id": 2, "tags": []}\n',
    "models/sources.yml": SOURCES,
    "models/hard_coded.sql": (
        "-- depends_on: {{ ref('raw_orders') }}\n"
        "select count(*) as n from analytics.reporting.raw_orders join reporting.raw_orders using (id)"
    ),
    "models/through_source.sql": "select sum(amount)::int as total from {{ source('raw', 'orders') }}",
    "models/hooked.sql": (
        "{{ config(pre_hook='create or replace table made_here as select 5 as n') }} select n from made_here"
    ),
    "models/plugged.sql": "select n from {{ source('numbers', 'made_up') }}",
    "models/attached.sql": "select name from {{ source('old', 'legacy') }}",
    "models/filed.sql": (
        "select id, len(tags) as tags, size from {{ source('files', 'lines') }}"
        " join {{ source('files', 'part') }} using (id)"
    ),
    "models/dispatched.sql": (
        "select '{{ tools.kind() }}' as kind,"
        " {% if target.type == 'duckdb' %}'{{ target.schema }}'{% else %}null{% endif %} as schema_name"
    ),
    "models/Order.sql": 'select 1 as "Select", 2 as "mixedCase", 3 as "naïve, Ω"',
    "models/group.sql": (
        'select "Select" + "mixedCase" as "from", mixedcase as "Mixed" from {{ ref(\'Order\') }}'
    ),
    "models/listed.sql": LISTED,
    "models/prices.yml": "models: [{name: price, latest_version: 1, versions: [{v: 1}, {v: 2}]}]",
    "models/price_v1.sql": "select 1 as price",
    "models/price_v2.sql": "select price + 1 as price from {{ ref('price') }}",
}
EXPECTED = {
    "hard_coded": [(2,)],
    "through_source": [(30,)],
    "hooked": [(5,)],
    "plugged": [(7,), (8,)],
    "attached": [("Ada",)],
    "filed": [(1, 2, 9)],
    "dispatched": [("duckdb", "reporting")],
    "Order": [(1, 2, 3)],
    "group": [(3, 2)],
    "listed": [("Order raw_orders",)],
    "price_v1": [(1,)],
    "price_v2": [(2,)],
}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Shop, RunResult, CompiledArtifacts]:
    folder = tmp_path_factory.mktemp("habits")
    (folder / "manifest.yaml").write_text(MANIFEST)
    shop = written(Shop(folder / "reporting", "reporting", folder), FILES)
    ask(folder / "reporting" / "old.duckdb", "create table legacy as select 'Ada' as name")
    duckdb.sql(f"copy (select 1 as id, 9 as size) to '{folder}/reporting/data/part.parquet'")
    result = shop.run()
    return shop, result, shop.compile()[1]


@pytest.mark.requirement("FR-020", "FR-022", "FR-023")
def test_every_model_is_built_and_none_fails(ran: tuple[Shop, RunResult, CompiledArtifacts]) -> None:
    _, result, _ = ran

    assert {model.name: model.error for model in result.models if model.state != "succeeded"} == {}
    assert (result.state, result.published) == ("succeeded", True)
    assert {model.name for model in result.models} >= {"price.v1", "price.v2"}


@pytest.mark.requirement("FR-022", "TQR-014")
@pytest.mark.parametrize("model", EXPECTED)
def test_a_habit_gives_the_rows_it_gives_on_dbt_duckdb(
    ran: tuple[Shop, RunResult, CompiledArtifacts], model: str
) -> None:
    shop, _, _ = ran
    catalog = SqlCatalog("analytics", uri=f"sqlite:///{shop.state_dir}/catalog.db")
    rows: list[dict[str, Any]] = catalog.load_table(("reporting", model)).scan().to_arrow().to_pylist()
    catalog.close()

    assert sorted(tuple(row.values()) for row in rows) == EXPECTED[model]


@pytest.mark.requirement("FR-048", "FR-022")
def test_a_seed_that_is_read_as_a_source_is_the_seed(ran: tuple[Shop, RunResult, CompiledArtifacts]) -> None:
    *_, artifacts = ran

    [model] = [each for each in artifacts.transforms if each.name == "through_source"]
    assert model.depends_on == ("seed.habits.raw_orders",)
    assert (model.proof, [each.dataset for each in model.columns[0].inputs]) == (
        "bound",
        ["reporting.raw_orders"],
    )
    assert "raw" not in {source.source_name for source in artifacts.sources}
