"""Materializations of a project's own that build on the standard ones."""

from __future__ import annotations

import pytest

from testing.dbt_project import DbtProject

OWN = """
{% materialization audited, adapter='duckdb' %}
  {%- set done = materialization_table_duckdb() -%}
  {%- do log('audited ' ~ done['relations'][0], info=true) -%}
  {{ return(done) }}
{% endmaterialization %}

{% materialization growing, default %}
  {{ return(materialization_incremental_default()) }}
{% endmaterialization %}

{% materialization shown, default %}
  {{ return(materialization_view_default()) }}
{% endmaterialization %}

{% materialization by_hand, default %}
  {%- set target_relation = this.incorporate(type='table') -%}
  {% call statement('main') %}{{ create_table_as(false, target_relation, sql) }}{% endcall %}
  {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
"""


@pytest.mark.requirement("FR-020", "FR-022")
def test_materializations_that_build_on_the_standard_ones_land(project: DbtProject) -> None:
    project.write("macros/own.sql", OWN)
    for value in (1, 2):
        project.models(
            a=f"{{{{ config(materialized='audited') }}}} select {value} as id",
            b=f"{{{{ config(materialized='growing') }}}} select {value} as id",
            c="{{ config(materialized='shown') }} select sum(id) as total from {{ ref('b') }}",
        )
        assert project.build().errors == {}

    assert {name: project.rows(name) for name in "abc"} == {"a": [(2,)], "b": [(1,), (2,)], "c": [(3,)]}


@pytest.mark.requirement("FR-022", "FR-066")
def test_one_that_leaves_its_rows_in_the_engine_fails(project: DbtProject) -> None:
    project.write("macros/own.sql", OWN)
    project.models(a="{{ config(materialized='by_hand') }} select 1 as id", b="select * from {{ ref('a') }}")

    built = project.build(publish=False)

    assert built.errors == {
        "a": "materialization 'by_hand' has written nothing to the lake: let it call a standard one, such as"
        " materialization_table_duckdb()"
    }
    assert built.written == {}
