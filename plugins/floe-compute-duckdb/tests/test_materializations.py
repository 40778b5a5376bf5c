"""Models become Iceberg tables; what they hold is read by plain PyIceberg."""

from __future__ import annotations

from decimal import Decimal

import pytest

from testing.dbt_project import DbtProject, MakeProject

RAW = "id,name,amount\n1,ann,1.5\n2,bob,\n3,cy,4.0\n"


@pytest.mark.requirement("FR-022", "FR-020", "FR-023", "TQR-014")
def test_seeds_tables_views_and_what_reads_ephemeral_models_land_as_tables(project: DbtProject) -> None:
    project.seeds(raw=RAW).models(
        a_table="{{ config(materialized='table') }} select id, name from {{ ref('raw') }}",
        a_view="{{ config(materialized='view') }} select id, amount * 2 as twice from {{ ref('raw') }}",
        passing="{{ config(materialized='ephemeral') }} select id from {{ ref('a_table') }} where id > 1",
        reads="select p.id, v.twice from {{ ref('passing') }} p join {{ ref('a_view') }} v using (id)",
    )

    built = project.build()

    assert built.errors == {}
    assert {name: event.state for name, event in built.models.items()} == dict.fromkeys(
        ("raw", "a_table", "a_view", "reads"), "succeeded"
    )
    assert project.rows("raw") == [(1, "ann", 1.5), (2, "bob", None), (3, "cy", 4.0)]
    assert project.rows("a_table") == [(1, "ann"), (2, "bob"), (3, "cy")]
    assert project.rows("a_view") == [(1, 3.0), (2, None), (3, 8.0)]
    assert project.rows("reads") == [(2, None), (3, 8.0)]
    assert [table.name for table in project.lake.manager.tables()] == ["a_table", "a_view", "raw", "reads"]


@pytest.mark.requirement("FR-022", "FR-025")
def test_an_incremental_model_merges_by_its_keys_and_sees_what_it_held(project: DbtProject) -> None:
    project.seeds(raw="day,shop,total\n1,a,10\n1,b,20\n").models(
        daily="""
            {{ config(materialized='incremental', unique_key=['day', 'shop']) }}
            select day, shop, total, {% if is_incremental() %} (select count(*) from {{ this }})
            {% else %} 0::bigint {% endif %} as held from {{ ref('raw') }}""",
    )
    assert project.build().errors == {}
    project.seeds(raw="day,shop,total\n1,b,25\n2,a,30\n")

    assert project.build().errors == {}
    assert project.rows("daily") == [(1, "a", 10, 0), (1, "b", 25, 2), (2, "a", 30, 2)]

    assert project.build(full_refresh=True).errors == {}
    assert project.rows("daily") == [(1, "b", 25, 0), (2, "a", 30, 0)]


@pytest.mark.requirement("FR-025")
def test_incremental_models_append_without_a_key_and_merge_with_one(project: DbtProject) -> None:
    project.seeds(raw="id,v\n1,a\n").models(
        log="{{ config(materialized='incremental') }} select * from {{ ref('raw') }}",
        appended="{{ config(materialized='incremental', incremental_strategy='append') }}"
        " from {{ ref('raw') }}",
        merged="{{ config(materialized='incremental', incremental_strategy='merge', unique_key='id') }}"
        " select * from {{ ref('raw') }}",
        kept="{{ config(materialized='incremental', unique_key='id', full_refresh=false) }}"
        " select * from {{ ref('raw') }}",
    )
    project.build()
    project.seeds(raw="id,v\n1,b\n2,c\n")

    assert project.build(full_refresh=False).errors == {}

    assert project.rows("log") == [(1, "a"), (1, "b"), (2, "c")]
    assert project.rows("appended") == [(1, "a"), (1, "b"), (2, "c")]
    assert project.rows("merged") == [(1, "b"), (2, "c")]
    project.seeds(raw="id,v\n9,z\n")
    project.build(full_refresh=True)
    assert project.rows("log") == [(9, "z")]
    assert project.rows("kept") == [(1, "b"), (2, "c"), (9, "z")]


@pytest.mark.requirement("FR-025", "FR-090")
def test_an_incremental_models_schema_changes_as_its_config_says(project: DbtProject) -> None:
    for policy in ("ignore", "fail", "append_new_columns", "sync_all_columns"):
        project.models(
            **{
                policy: "{{ config(materialized='incremental', unique_key='id',"
                f" on_schema_change='{policy}') }}}} select * from {{{{ ref('raw') }}}}"
            }
        )
    project.seeds(raw="id,old\n1,x\n")
    assert project.build().errors == {}
    project.seeds(raw="id,old,added\n2,y,5\n")

    built = project.build(publish=False)
    assert list(built.errors) == ["fail"]
    assert "added" in str(built.errors["fail"])

    assert project.build("raw", "ignore", "append_new_columns", "sync_all_columns").errors == {}
    assert project.rows("ignore") == [(1, "x"), (2, "y")]
    assert project.rows("append_new_columns") == [(1, "x", None), (2, "y", 5)]
    project.seeds(raw="id,added\n3,6\n")
    assert project.build("raw", "sync_all_columns").errors == {}
    assert project.rows("sync_all_columns") == [(1, None), (2, 5), (3, 6)]


@pytest.mark.requirement("FR-022")
def test_column_names_keep_their_case_and_may_be_any_text(project: DbtProject) -> None:
    project.seeds(raw='id,"Group","a ""b""",Größe\n1,x,2,3\n').models(
        copied="{{ config(materialized='incremental', unique_key=['Group', 'Größe']) }}"
        ' select id, "Group", "a ""b""", "Größe", 1 as "select" from {{ ref(\'raw\') }}',
    )

    assert project.build().errors == {}
    assert project.build().errors == {}

    assert list(project.types("copied")) == ["id", "Group", 'a "b"', "Größe", "select"]
    assert project.rows("copied") == [(1, "x", 2, 3, 1)]


@pytest.mark.requirement("FR-022", "FR-093")
def test_a_custom_schema_is_a_namespace_of_the_product(project: DbtProject) -> None:
    project.models(
        base="select 1 as id",
        archived="{{ config(schema='archive', alias='old') }} select id from {{ ref('base') }}",
        by_name="-- depends_on: {{ ref('archived') }} {{ ref('base') }}\n"
        "select id from {{ target.schema }}.base union all select id + 1 from shop_1_archive.old",
    )

    assert project.build().errors == {}

    assert [(t.namespace, t.name) for t in project.lake.manager.tables()] == [
        ("shop-1", "base"),
        ("shop-1", "by_name"),
        ("shop-1_archive", "old"),
    ]
    assert project.rows("by_name") == [(1,), (2,)]


@pytest.mark.requirement("FR-022")
def test_four_threads_build_what_one_would(project: DbtProject) -> None:
    project.models(
        base="select range as id from range(100)",
        **{f"wide_{n}": f"select id, id * {n} as v from {{{{ ref('base') }}}}" for n in range(12)},
        top=" union all ".join(f"select sum(v) as total from {{{{ ref('wide_{n}') }}}}" for n in range(12)),
    )

    assert project.build().errors == {}
    assert project.rows("top") == sorted([(Decimal(4950 * n),) for n in range(12)], key=repr)


@pytest.mark.requirement("FR-022", "FR-027")
def test_a_value_that_does_not_cast_fails_its_model_and_publishes_nothing(project: DbtProject) -> None:
    project.seeds(raw="id,v\n1,7\n").models(
        good="select * from {{ ref('raw') }}",
        bad="select id, v::varchar::integer as n from {{ ref('good') }}",
        after="select * from {{ ref('bad') }}",
    )
    assert project.build().errors == {}
    before = {name: project.lake.seen(name) for name in ("raw", "good", "bad", "after")}
    project.seeds(raw="id,v\n1,seven\n")

    built = project.build()

    assert built.complete is False
    assert {name: event.state for name, event in built.models.items()} == {
        "raw": "succeeded",
        "good": "succeeded",
        "bad": "failed",
        "after": "skipped",
    }
    assert built.errors == {
        "bad": "Conversion Error: Could not convert string 'seven' to INT32 when casting from source column v"
    }
    assert {name: project.lake.seen(name) for name in before} == before


@pytest.mark.requirement("FR-022")
def test_descriptions_are_kept_beside_the_table_when_asked_for(project: DbtProject) -> None:
    project.models(told="{{ config(persist_docs={'relation': true, 'columns': true}) }} select 1 as id")
    project.write(
        "models/schema.yml",
        "models:\n- name: told\n  description: what it is\n  columns: [{name: id, description: the key}]\n",
    )

    assert project.build().errors == {}

    table = project.lake.table("told")
    assert table.properties["comment"] == "what it is"
    assert [field.doc for field in table.schema().fields] == ["the key"]


@pytest.mark.requirement("FR-022", "FR-093")
def test_two_projects_in_one_process_do_not_see_each_others_leavings(
    make_project: MakeProject,
) -> None:
    one = make_project("first").models(m="select 1 as v", n="select v from {{ ref('m') }}")
    two = make_project("second").models(m="select 'two' as v", n="select v from {{ ref('m') }}")

    assert one.build().errors == {}
    assert two.build().errors == {}
    assert one.build().errors == {}

    assert (one.rows("n"), two.rows("n")) == ([(1,)], [("two",)])
