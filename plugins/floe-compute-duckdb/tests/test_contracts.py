"""A dbt contract is held in a run too: also of a model whose SQL shows only there."""

from __future__ import annotations

import json

import pytest

from floe_core.events import ModelFinished
from testing.dbt_project import DbtProject

ENFORCED = "{{ config(contract={'enforced': true}) }} "


@pytest.mark.requirement("FR-024", "WU-6")
def test_a_model_that_breaks_its_contract_is_not_written(project: DbtProject) -> None:
    asked = "{{ run_query('select 7').columns[0].values()[0] if execute else 0 }}"
    project.models(
        kept=ENFORCED + "select 1 as id, sum(2) as total",
        asks=ENFORCED + f"select {asked} as id",
        other_type=ENFORCED + "select 'x' as id",
        missing=ENFORCED + "select 1 as ident",
        more=ENFORCED + "select 1 as id, 2 as extra",
    )
    columns = {name: ["{name: id, data_type: int}"] for name in ("asks", "other_type", "missing", "more")}
    columns["kept"] = ["{name: ID, data_type: integer}", "{name: total, data_type: 'decimal(38, 0)'}"]
    models = ", ".join(f"{{name: {name}, columns: [{', '.join(of)}]}}" for name, of in columns.items())
    project.write("models/schema.yml", f"models: [{models}]\n")

    built = project.build(publish=False)

    assert built.errors == {
        "other_type": "column 'id' is VARCHAR, the contract says int: data type mismatch",
        "missing": "the contract has a column 'id', the SQL does not: missing in definition\n"
        "the SQL has a column 'ident', the contract does not: missing in contract",
        "more": "the SQL has a column 'extra', the contract does not: missing in contract",
    }
    assert {unique_id.rpartition(".")[2] for unique_id in built.written} == {"kept", "asks"}


@pytest.mark.requirement("FR-010", "WU-6")
def test_a_deferred_model_that_is_not_as_it_is_described_is_not_written(project: DbtProject) -> None:
    """Compiling has taken its described columns for what it returns; a bound one's bind nobody."""
    asked = "{{ run_query('select 7').columns[0].values()[0] if execute else 0 }}"
    python = "def model(dbt, session):\n    return session.sql('select 1 as n')\n"
    project.models(
        kept=f"select {asked} as n, 1 as extra",
        other_type=f"select '{asked}' as n",
        missing="{{ config(materialized='incremental') }} " + f"select {asked} as m",
        bound="select 'x' as n",
        untyped=f"select '{asked}' as n",
    )
    for name in ("python_kept", "python_other"):
        project.write(f"models/{name}.py", python)
    types = dict.fromkeys(("kept", "other_type", "missing", "bound", "python_kept"), "int")
    columns = {name: f"{{name: n, data_type: {kind}}}" for name, kind in types.items()}
    columns |= {"python_other": "{name: n, data_type: text}", "untyped": "{name: n}"}
    models = ", ".join(f"{{name: {name}, columns: [{column}]}}" for name, column in columns.items())
    project.write("models/schema.yml", f"models: [{models}]\n")
    proofs = {f"model.shop.{name}": "bound" if name == "bound" else "deferred" for name in columns}
    transforms = [{"unique_id": unique_id, "proof": proof} for unique_id, proof in proofs.items()]
    project.write("target/floe/compiled_artifacts.json", json.dumps({"transforms": transforms}))

    built = project.build(publish=False)

    assert built.errors == {
        "other_type": "column 'n' is VARCHAR, the description says int: data type mismatch",
        "missing": "the description has a column 'n', the SQL does not: missing in definition",
        "python_other": "column 'n' is INTEGER, the description says text: data type mismatch",
    }
    written = {unique_id.rpartition(".")[2] for unique_id in built.written}
    assert written == {"kept", "bound", "untyped", "python_kept"}


KEYED = """
models:
  - name: employees
    config: {contract: {enforced: true}}
    columns:
      - {name: id, data_type: integer, constraints: [{type: primary_key}]}
      - name: boss
        data_type: integer
        constraints: [{type: foreign_key, expression: shop_1.employees (id)}]
  - name: badges
    config: {contract: {enforced: true}, materialized: incremental, on_schema_change: fail}
    constraints:
      - {type: foreign_key, columns: [owner, boss], to: ref('employees'), to_columns: [id, boss]}
    columns: [{name: owner, data_type: integer}, {name: boss, data_type: integer}]
"""
LOST = 'Constraint Error: Violates foreign key constraint because key "{}" does not exist in the referenced'


@pytest.mark.requirement("FR-024", "FR-022")
def test_a_foreign_key_is_looked_up_in_the_table_it_is_of(project: DbtProject) -> None:
    project.write("models/schema.yml", KEYED)
    project.seeds(raw="id,boss\n1,\n2,1\n")
    project.models(
        employees="select id::integer as id, boss::integer as boss from {{ ref('raw') }}",
        badges="select id::integer as owner, boss::integer as boss from {{ ref('raw') }}"
        " where '{{ ref('employees') }}' != ''",
    )
    assert project.build().errors == {}
    assert project.rows("badges") == [(1, None), (2, 1)]
    project.seeds(raw="id,boss\n1,\n2,3\n")

    built = project.build(publish=False)

    assert built.errors == {"employees": f"{LOST.format('id: 3')} table shop_1.employees"}
    project.seeds(raw="id,boss\n2,2\n")
    assert project.build("raw", "badges", publish=False).errors == {
        "badges": f'{LOST.format("id: 2, boss: 2")} table "floe"."shop_1"."employees"'
    }


EVENTS = "{{ config(event_time='at_day') }} select * from (values %s) t(id, v, at_day)"
THEN, NOW = "date_trunc('year', now()::timestamp) - interval 1 month", "date_trunc('year', now()::timestamp)"
BATCHES = """{{ config(
    materialized='incremental', incremental_strategy='microbatch', event_time='at_day', batch_size='year',
    begin=(modules.datetime.datetime.now().year - 1) ~ '-01-01', lookback=1, concurrent_batches=false,
    on_schema_change='append_new_columns', contract={'enforced': true}
) }} select * from {{ ref('events') }}"""


@pytest.mark.requirement("FR-025", "FR-024")
def test_a_batch_that_breaks_a_constraint_is_not_written(project: DbtProject) -> None:
    project.models(
        events=EVENTS % f"(1, 'a', {THEN}), (2, 'b', {NOW})",
        filled=BATCHES,
        single=BATCHES,
        at_once=BATCHES.replace(" concurrent_batches=false,", ""),
    )
    others = "{name: v, data_type: text%s}, {name: at_day, data_type: timestamp}"
    filled = "[{name: id, data_type: int}, " + others % ", constraints: [{type: not_null}]" + "]"
    single = "[{name: id, data_type: int, constraints: [{type: unique}]}, " + others % "" + "]"
    columns = {"filled": filled, "single": single, "at_once": single}
    models = ", ".join(f"{{name: {name}, columns: {of}}}" for name, of in columns.items())
    project.write("models/schema.yml", f"models: [{models}]\n")

    first = project.build("events", "filled", "single")
    there = {name: [row[:2] for row in project.rows(name)] for name in ("filled", "single")}
    project.models(events=EVENTS % f"(1, 'a', {THEN}), (1, null, {NOW})")
    second = project.build("events", "filled", "single", "at_once", publish=False)

    rows = [(1, "a"), (2, "b")]
    assert (first.errors, there) == ({}, {"filled": rows, "single": rows})
    assert [each.name for each in second.events if isinstance(each, ModelFinished)].count("filled") == 1
    assert second.errors["filled"] == "Constraint Error: NOT NULL constraint failed: filled.v"
    assert 'duplicate key "1"' in str(second.errors["single"])
    assert "say concurrent_batches: false" in str(second.errors["at_once"])
