"""Rendering gives the SQL a run would bind, without a warehouse."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace

import pytest

from floe_dbt import DbtCore
from floe_dbt.parsing import ParsedOnce
from testing.dbt_project import DbtProject, MakeProject

ASKED = "its SQL depends on what a query answers while it is rendered"


@pytest.mark.requirement("FR-010", "WU-6")
def test_models_and_tests_are_rendered_and_nothing_is_asked(project: DbtProject) -> None:
    project.models(
        base="select 1 as id",
        mid="{{ config(materialized='ephemeral') }} select id from {{ ref('base') }}",
        top="{{ config(materialized='incremental') }} select * from {{ ref('mid') }}"
        "{% if is_incremental() %} where false {% endif %}",
        asks="select {{ run_query('select 1').columns[0].values()[0] if execute }} as n",
        columns="select {{ adapter.get_columns_in_relation(ref('base')) | length }} as n",
        there="select {{ 1 if load_relation(ref('base')) else 0 }} as n",
        schema="select {{ adapter.check_schema_exists('floe', 'nowhere') | int }} as n",
        mine="select {{ 1 if load_relation(this) else 0 }} as n",
    )
    project.write(
        "models/schema.yml", "models: [{name: base, columns: [{name: id, data_tests: [not_null]}]}]\n"
    )

    compiled = project.compile()

    assert compiled["base"].sql == "select 1 as id"
    assert str(compiled["top"].sql).strip() == (
        'with __dbt__cte__mid as (\n select id from "floe"."shop_1"."base"\n) select * from __dbt__cte__mid'
    )
    assert str(compiled["not_null_base_id"].sql).split() == (
        ["select", "id", "from", '"floe"."shop_1"."base"', "where", "id", "is", "null"]
    )
    asking = {name: node.deferred for name, node in compiled.items() if node.deferred}
    assert asking == dict.fromkeys(("asks", "columns", "there", "schema"), ASKED)
    assert compiled["mine"].sql == "select 0 as n"


@pytest.mark.requirement("FR-010", "FR-016")
def test_rendering_twice_in_a_process_gives_the_same(project: DbtProject) -> None:
    project.models(
        mid="{{ config(materialized='ephemeral') }} select 1 as id",
        top="select * from {{ ref('mid') }}",
    )

    parsed, dbt = project.parse(), DbtCore()
    first, second = (dbt.compile(project.location, parsed) for _ in range(2))

    assert first == second
    assert list(first) == ["model.shop.mid", "model.shop.top"]
    assert project.build().errors == {}
    assert project.rows("top") == [(1,)]


@pytest.mark.requirement("FR-010")
def test_what_a_parse_left_is_let_go_when_it_is_rendered(project: DbtProject) -> None:
    project.models(top="select 1 as id")
    parsed = project.parse()
    taken = parsed.handle.take()
    node = weakref.ref(taken.manifest.nodes["model.shop.top"])
    parsed = replace(parsed, handle=ParsedOnce(taken))
    gc.disable()
    try:
        compiled = DbtCore().compile(project.location, parsed)
        assert node() is None
    finally:
        gc.enable()
    assert compiled["model.shop.top"].sql == "select 1 as id"


@pytest.mark.requirement("FR-015", "FR-066")
def test_a_template_that_fails_names_the_line_of_the_file(project: DbtProject) -> None:
    project.models(
        undefined="\n\nselect 1 as id,\n  {{ nothing.at.all }} as n",
        unknown="select\n{{ no_such_macro(1) }}",
        raised="select 1,\n\n{{ exceptions.raise_compiler_error('no way') if execute }}",
        typed="select {{ 'a' + 1 if execute }}",
        fine="select 1 as id",
    )

    compiled = project.compile()

    lines = {name: node.error_line for name, node in compiled.items() if node.error}
    assert lines == {"undefined": 4, "unknown": 2, "raised": 3, "typed": 1}
    assert str(compiled["undefined"].error).startswith("'nothing' is undefined")
    assert str(compiled["unknown"].error).startswith("'no_such_macro' is undefined")
    assert compiled["raised"].error == "no way"
    assert compiled["fine"].sql == "select 1 as id"


@pytest.mark.requirement("FR-010", "WU-6")
def test_what_uses_something_that_a_hook_makes_waits_for_the_run(make_project: MakeProject) -> None:
    project = make_project(
        project_file="name: shop\nversion: '1.0'\nprofile: shop\non-run-start: ['{{ make_functions() }}']\n"
    )
    project.write(
        "macros/make.sql",
        "{% macro make_functions() %}\n"
        "create or replace macro {{ target.schema }}.plus_one(x) as x + 1\n"
        "{% endmacro %}",
    )
    project.models(
        uses="select {{ target.schema }}.plus_one(1) as n",
        staged="{{ config(pre_hook='create temp table staged_rows as select 5 as n') }} from staged_rows",
        plain="select 1 as n",
    )

    compiled = project.compile()

    assert compiled["uses"].deferred == "a hook makes 'plus_one', which it uses"
    assert compiled["staged"].deferred == "a hook makes 'staged_rows', which it uses"
    assert compiled["plain"].sql == "select 1 as n"
    assert project.build().errors == {}
    assert (project.rows("uses"), project.rows("staged")) == ([(2,)], [(5,)])
