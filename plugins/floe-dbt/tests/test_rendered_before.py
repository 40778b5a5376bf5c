"""A template is rendered anew when anything it depends on is another, and only then."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from testing.dbt_project import PROJECT_FILE, DbtProject

STALE = "select 'as it was' as stale"
ASKS = "{{ run_query('select 1').columns[0].values()[0] if execute else 0 }}"
MACROS = (
    "{% macro cents(c) %}cast({{ c }} * 100 as bigint){% endmacro %}\n"
    "{% macro late() %}{% if execute %}{{ hidden() }}{% else %}0{% endif %}{% endmacro %}\n"
    "{% macro hidden() %}{{ invocation_id | length }}{% endmacro %}\n"
)
SCHEMA = """\
models:
  - name: base
    columns: [{name: id, data_tests: [{accepted_values: {arguments: {values: [1]}}}]}]
  - {name: own, meta: {rate: 1}}
"""
TEST = "accepted_values_base_id__1"


@pytest.fixture
def rendered(project: DbtProject) -> DbtProject:
    """A project of which everything was rendered once."""
    project.write("macros/m.sql", MACROS)
    project.write("models/schema.yml", SCHEMA)
    project.models(
        base="select 1 as id",
        plain="select id from {{ ref('base') }}",
        own="select {{ cents('id') }} as c, {{ model.meta.get('rate', 0) }} as r from {{ ref('base') }}",
        mid="{{ config(materialized='ephemeral') }} select {{ cents('id') }} as c from {{ ref('base') }}",
        low="{{ config(materialized='ephemeral') }} select * from {{ ref('mid') }}",
        top="select {{ var('n', 1) }} as n, * from {{ ref('low') }}",
        grown="{{ config(materialized='incremental') }} select {{ cents('id') }} as c from {{ ref('base') }}"
        "{% if is_incremental() %} where false {% endif %}",
        asks=f"select {ASKS} as n",
        here="select '{{ target.schema }}' as s, '{{ this.identifier }}' as t",
        set="select '{{ env_var('FLOE_TEST_RATE', '1') }}' as rate",
        runs="select {{ late() }} as n",
        listed="select {{ graph.nodes | length }} as n",
    )
    project.compile()
    return project


def stale(project: DbtProject) -> set[str]:
    """What is taken from the file of earlier renders now, as a wrong one there shows."""
    path = project.location.target_dir / "rendered.json"
    path.write_text(json.dumps({key: sql and STALE for key, sql in json.loads(path.read_text()).items()}))
    compiled = project.compile()
    path.unlink()
    fresh = project.compile()
    assert {name: node for name, node in compiled.items() if node.sql != STALE} == {
        name: node for name, node in fresh.items() if compiled[name].sql != STALE
    }
    return {name for name, node in compiled.items() if STALE in (node.sql, node.incremental_sql)}


KEPT = {"own", "mid", "low", "top", "grown", "here", TEST}


def rewritten(path: str, old: str, new: str) -> Callable[[DbtProject], object]:
    def change(project: DbtProject) -> None:
        text = (project.folder / path).read_text()
        assert old in text
        project.write(path, text.replace(old, new))

    return change


@pytest.mark.requirement("FR-010", "FR-016")
def test_only_what_could_be_another_is_rendered_again(
    rendered: DbtProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert stale(rendered) == KEPT
    assert (
        rendered.compile()["asks"].deferred == "its SQL depends on what a query answers while it is rendered"
    )
    for change, anew in (
        (rewritten("models/own.sql", " as c", " as cc"), {"own"}),
        (rewritten("models/mid.sql", " as c", " as cc"), {"mid", "low", "top"}),
        (rewritten("models/schema.yml", "rate: 1", "rate: 2"), {"own"}),
        (rewritten("models/schema.yml", "values: [1]", "values: [1, 2]"), {TEST}),
        (rewritten("models/base.sql", "select 1", "{{ config(alias='b') }} select 1"), KEPT - {"here"}),
        (rewritten("macros/m.sql", "* 100", "* 1000"), KEPT),
        (lambda project: project.write("dbt_project.yml", f"{PROJECT_FILE}vars: {{n: 2}}\n"), KEPT),
        (rewritten("target/floe/profiles.yml", "schema: shop_1", "schema: shop_1_b"), KEPT),
    ):
        change(rendered)
        assert stale(rendered) & KEPT == KEPT - anew

    monkeypatch.setenv("FLOE_TEST_RATE", "2")
    assert rendered.compile()["set"].sql == "select '2' as rate"


@pytest.mark.requirement("FR-010")
def test_a_damaged_file_is_rendered_anew(rendered: DbtProject) -> None:
    before = rendered.compile()
    path = rendered.location.target_dir / "rendered.json"
    good = path.read_bytes()
    for content in ("{", "[]"):
        path.write_text(content)
        assert rendered.compile() == before
        assert path.read_bytes() == good
