"""Nothing reports success and stores nothing: what would change a table outside a model fails."""

from __future__ import annotations

import pytest

from testing.dbt_project import DbtProject, MakeProject

REFUSAL = (
    "tables of the lake are written by models and seeds, and a hook, operation or macro can only delete"
    " rows of them: {{ floe.delete_where(this, 'condition') }}"
)


REFUSED = {
    "insert into {{ ref('base') }} select 2": "is not an table",
    "update {{ ref('base') }} set id = 2": "Can only update base table",
    "delete from {{ ref('base') }}": "Can only delete from base table",
    "create or replace view {{ ref('base') }} as select 9 as id": "'shop_1.base'",
    "drop table if exists shop_1.base": "is of type View",
    "drop view if exists base": "'shop_1.base'",
    "alter view base rename to other": "'shop_1.base'",
    "{% do adapter.drop_relation(ref('base')) %}": "table 'shop_1.base' cannot be dropped",
    "{% do adapter.truncate_relation(ref('base')) %}": "table 'shop_1.base' cannot be truncated",
    "{% do adapter.drop_schema(ref('base')) %}": "schema 'shop_1' cannot be dropped",
}


@pytest.mark.requirement("FR-022", "TQR-014")
def test_a_hook_that_would_change_the_lake_fails_its_model(make_project: MakeProject) -> None:
    project = make_project(config={"threads": 1}).models(base="select 1 as id")
    for number, hook in enumerate(REFUSED):
        project.models(
            **{f"m{number}": f'{{{{ config(pre_hook="{hook}") }}}} select * from {{{{ ref("base") }}}}'}
        )
    project.models(unharmed="select id from {{ ref('base') }}")

    built = project.build(publish=False)

    errors = {hook: str(built.errors[f"m{number}"]) for number, hook in enumerate(REFUSED)}
    assert {hook: error for hook, error in errors.items() if REFUSED[hook] not in error} == {}
    assert {hook: error for hook, error in errors.items() if not error.endswith(REFUSAL)} == {}
    assert (sorted(built.written), built.written["model.shop.unharmed"].rows) == (
        ["model.shop.base", "model.shop.unharmed"],
        1,
    )


@pytest.mark.requirement("FR-022")
def test_what_hooks_make_in_the_engine_lives_for_the_run_and_is_no_table_of_the_lake(
    make_project: MakeProject,
) -> None:
    project = make_project(config={"threads": 1})
    project.models(
        first="""
            {{ config(pre_hook=["create table if not exists {{ target.schema }}.audit as select 1 as x",
                                "create table memory.main.aside as select 7 as y"],
                      post_hook="insert into {{ target.schema }}.audit select 2") }}
            select sum(x) as x from {{ target.schema }}.audit""",
        second="select count(*) as n, max(y) as y from shop_1.audit, memory.main.aside -- {{ ref('first') }}",
    )

    assert project.build().errors == {}
    assert (project.rows("first"), project.rows("second")) == ([(1,)], [(2, 7)])
    assert project.lake.manager.table_names(project.product) == ["first", "second"]


@pytest.mark.requirement("FR-022")
def test_hooks_may_read_set_and_make_temporary_things(project: DbtProject) -> None:
    project.models(
        base="select 1 as id",
        hooked="""
            {{ config(
                pre_hook=["set timezone = 'Asia/Tokyo'",
                          "create temp table seen as select * from {{ ref('base') }}",
                          "insert into seen values (5)",
                          "create or replace macro plus_one(x) as x + 1"],
                post_hook=["select count(*) from {{ this }}", "drop table seen"],
                sql_header="set variable added = 10;"
            ) }}
            select plus_one(id) + getvariable('added') as id, '2024-01-01'::timestamptz as at from seen""",
    )

    assert project.build().errors == {}
    assert [(row[0], row[1].isoformat()) for row in project.rows("hooked")] == [
        (12, "2023-12-31T15:00:00+00:00"),
        (16, "2023-12-31T15:00:00+00:00"),
    ]


@pytest.mark.requirement("FR-022")
def test_a_macro_sees_the_tables_of_the_catalog(project: DbtProject) -> None:
    project.models(base="select 1 as id, 'x' as name").write(
        "models/asks.sql",
        """
        {%- if execute -%}
        {%- set there = load_relation(ref('base')) -%}
        {%- set columns = adapter.get_columns_in_relation(ref('base')) -%}
        select '{{ there.type }}' as kind, '{{ columns | map(attribute='name') | join(',') }}' as names,
          '{{ columns | map(attribute='dtype') | join(',') }}' as types,
          '{{ adapter.get_relation('floe', 'shop_1', 'nowhere') }}' as nothing,
          {{ adapter.check_schema_exists('floe', 'nowhere') | int }} as nowhere,
          {{ run_query('select count(*) from ' ~ ref('base')).columns[0].values()[0] }} as counted
        {%- else -%} -- depends_on: {{ ref('base') }} {%- endif -%}
        """,
    )

    assert project.build().errors == {}
    assert project.rows("asks") == [("table", "id,name", "INTEGER,VARCHAR", "None", 0, 1)]
