"""Rows are deleted by a macro, within the run: from hooks and at its end."""

from __future__ import annotations

import pytest

from floe_core.errors import WorkError
from testing.dbt_project import DbtProject, MakeProject

GROWING = (
    "{{ config(materialized='incremental', incremental_strategy='append'CONFIG) }} from {{ ref('raw') }}"
)


def growing(config: str = "") -> str:
    return GROWING.replace("CONFIG", f", {config}" if config else "")


@pytest.mark.requirement("FR-031", "FR-022")
def test_a_hook_deletes_rows_of_its_model_within_the_run(project: DbtProject) -> None:
    project.seeds(raw="id,v\n1,a\n2,b\n,c\n").models(
        kept="select 2 as id",
        cleaned=growing(
            "pre_hook=\"{{ floe.delete_where(this, 'id = 1') if is_incremental() }}\","
            " post_hook=[\"{{ floe.delete_where(this, 'id in (from shop_1.kept)') }}\","
            " \"select ('rows: ' || count(*))::integer from {{ this }} having count(*) != 2\"]"
        )
        + " -- {{ ref('kept') }}",
    )
    assert project.build().errors == {}
    assert project.rows("cleaned") == [(1, "a"), (None, "c")]
    project.seeds(raw="id,v\n2,d\n7,e\n")

    built = project.build(publish=False)

    assert built.errors == {}
    assert built.written["model.shop.cleaned"].rows == 2
    assert project.rows("cleaned") == [(1, "a"), (None, "c")]
    assert project.build().errors == {}
    assert project.rows("cleaned") == [(7, "e"), (None, "c")]


@pytest.mark.requirement("FR-031", "FR-027")
def test_rows_deleted_in_a_run_that_fails_are_still_there(project: DbtProject) -> None:
    project.seeds(raw="id\n1\n2\n").models(m=growing())
    assert project.build().errors == {}
    before = project.lake.seen("m")
    project.models(
        m=growing("post_hook=\"{{ floe.delete_where(this, 'true') }}\""),
        bad="select count(*)::varchar || 'x' as n from {{ ref('m') }}",
    ).write("tests/none.sql", "select * from {{ ref('bad') }} where n = '0x'")

    built = project.build()

    assert (built.complete, built.written["model.shop.m"].rows) == (False, 0)
    assert built.tests["none"].failures == 1
    assert project.lake.seen("m") == before


@pytest.mark.requirement("FR-031")
def test_the_end_of_a_run_may_delete_rows_of_any_of_the_projects_tables(make_project: MakeProject) -> None:
    project = make_project(
        project_file="name: shop\nversion: '1.0'\nprofile: shop\n"
        "on-run-end:\n"
        "- \"{{ floe.delete_where(ref('raw'), 'id = 1') }}\"\n"
        "- \"{% do delete_where('shop_1_old.x', 'id = 2') %}\"\n"
        "- \"{% do dbt.delete_where('m', \\\"id = 3 and v is not distinct from 'c'\\\") %}\"\n"
    )
    project.seeds(raw="id,v\n1,a\n2,b\n3,c\n").models(
        m="select * from {{ ref('raw') }}",
        archived="{{ config(schema='old', alias='x') }} select id from {{ ref('raw') }}",
    )

    assert project.build().errors == {}

    assert project.rows("raw") == [(2, "b"), (3, "c")]
    assert project.rows("m") == [(1, "a"), (2, "b")]
    project.lake.namespace = "shop-1_old"
    assert project.rows("x") == [(1,), (3,)]


REFUSED = {
    "(this, 'nope = 1')": 'Referenced column "nope" not found',
    "(this, '1 = 1; select 2')": "Expected a single SELECT statement",
    "(this, '')": "Parser Error",
    "('elsewhere.t', 'true')": "no model or seed of this project makes 'elsewhere.t'",
    "('m0, m1', 'true')": "'m0, m1' is no name of a table",
}


@pytest.mark.requirement("FR-031", "FR-066")
def test_what_cannot_be_deleted_is_said(project: DbtProject) -> None:
    for number, call in enumerate(REFUSED):
        hook = f"{{{{ floe.delete_where{call} }}}}"
        project.models(**{f"m{number}": f'{{{{ config(post_hook="{hook}") }}}} select 1 as id'})

    errors = project.build().errors

    told = {call: str(errors[f"m{number}"]) for number, call in enumerate(REFUSED)}
    assert {call: error for call, error in told.items() if REFUSED[call] not in error} == {}


@pytest.mark.requirement("FR-031", "FR-027")
def test_deleting_before_the_table_is_there_fails_the_run(make_project: MakeProject) -> None:
    project = make_project(
        project_file="name: shop\nversion: '1.0'\nprofile: shop\n"
        "on-run-start: \"{{ floe.delete_where('m', 'true') }}\"\n"
    ).models(m="select 1 as id")

    with pytest.raises(WorkError, match=r"there is no table 'shop-1\.m' to delete from"):
        project.build()


@pytest.mark.requirement("FR-031")
def test_a_project_may_have_a_macro_of_the_same_name(project: DbtProject) -> None:
    project.write("macros/own.sql", "{% macro delete_where(a) %}select {{ a }}{% endmacro %}")
    project.models(
        m="{{ config(post_hook=\"{{ floe.delete_where(this, 'id = 1') }}\") }}"
        " {{ delete_where(1) }} as id union all select 2"
    )

    assert project.build().errors == {}
    assert project.rows("m") == [(2,)]
