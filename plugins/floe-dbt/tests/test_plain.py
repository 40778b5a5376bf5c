"""What is put together without a template engine is, to the letter, what dbt renders."""

from __future__ import annotations

import pytest

from floe_dbt.plain import NotPlain, PlainTemplates
from testing.dbt_project import DbtProject, MakeProject

MODELS = {
    "base": "select 1 as id, 'a' as name",
    "one_ref": "{{ config(alias='one', meta={'a': 'b'}) }}\r\n\r\nselect *\r\nfrom {{ref(\"base\")}}\n\n",
    "two": "with a as (from {{ ref('base') }})\nselect a.id from a join {{ ref('one_ref') }} using (id)",
    "packaged": "select * from {{ ref('shop', 'base') }}",
    "filed": "select * from {{ source('files', 'raw') }}",
    "braces": "select {'a': 1} as s, '{' as open, '}}' as shut from {{ ref('base') }}",
    "commented": "{# ref('nothing') #}select 1 as id -- {{ ref('base') }}",
    "trimmed": "select id\n{{- ' , 2 as two' -}}\n from {{ ref('base') }}",
    "looped": "select {% for n in [1, 2] %}{{ n }} as n{{ n }},{% endfor %} 0 as z from {{ ref('base') }}",
    "eph": "{{ config(materialized='ephemeral') }} select id from {{ ref('base') }}",
    "reads_eph": "select id from {{ ref('eph') }}",
    "chained": "{{ config(materialized='view') ~ 'select 1 as id' }}",
    "hooked": "{{ config(pre_hook=\"select '{{ this }}'\") }}select 2 as id",
    "growing": "{{ config(materialized='incremental') }} select id from {{ ref('base') }}"
    "{% if is_incremental() %} where id > (select max(id) from {{ this }}){% endif %}",
}
SCHEMA = """\
models:
  - name: base
    columns:
      - name: id
        data_tests:
          - not_null
          - unique
          - not_null: {name: some, config: {where: "id > 0"}}
          - accepted_values: {arguments: {values: [1]}}
          - relationships: {arguments: {to: ref('two'), field: id}}
      - {name: "upper(name)", data_tests: [not_null]}
sources:
  - name: files
    meta: {external_location: "data/{name}.csv"}
    tables: [{name: raw, columns: [{name: id, data_tests: [unique]}]}]
"""
SAME = "{% macro ref() %}{% do return(builtins.ref(*varargs, **kwargs)) %}{% endmacro %}"


def fill(project: DbtProject) -> DbtProject:
    project.models(**MODELS)
    project.write("models/schema.yml", SCHEMA)
    project.write("data/raw.csv", "id\n1\n")
    return project


@pytest.mark.requirement("FR-010", "WU-6")
def test_plain_models_and_tests_are_rendered_as_dbt_renders_them(make_project: MakeProject) -> None:
    with_dbt = fill(make_project("with-dbt"))
    with_dbt.write("macros/ref.sql", SAME)  # a project's own 'ref' leaves everything to dbt
    mine = fill(make_project("plain"))

    rendered = mine.compile()

    assert rendered == with_dbt.compile()
    assert rendered["one_ref"].sql == '\n\nselect *\nfrom "floe"."shop_1"."base"'
    assert rendered["filed"].sql == "select * from 'data/raw.csv'"
    assert rendered["growing"].incremental_sql == (
        ' select id from "floe"."shop_1"."base" where id > (select max(id) from "floe"."shop_1"."growing")'
    )


@pytest.mark.requirement("FR-010")
def test_models_that_only_name_relations_are_plain(make_project: MakeProject) -> None:
    parsed = fill(make_project()).parse().handle.take()

    class Adapter:
        class Relation:
            create_from = staticmethod(lambda _config, node: node.name)

    templates = PlainTemplates(parsed.manifest, parsed.config, Adapter)  # type: ignore[arg-type]

    found = {}
    for name in MODELS:
        try:
            found[name] = templates.render(parsed.manifest.nodes[f"model.shop.{name}"])
        except NotPlain:
            continue
    assert found == {
        "base": MODELS["base"],
        "one_ref": "\n\nselect *\nfrom base",
        "two": "with a as (from base)\nselect a.id from a join one_ref using (id)",
        "filed": "select * from raw",
        "eph": " select id from base",
    }
