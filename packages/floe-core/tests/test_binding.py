"""What binding a whole project shows: errors at the line somebody wrote, contracts, models of every kind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from floe_core.compiler import compile_floe_spec
from floe_core.errors import SpecError
from floe_core.schemas.artifacts import CompiledArtifacts

PROJECT = {
    "floe.yaml": "metadata: {name: shop, owner: sales}\n",
    "dbt_project.yml": "name: shop\nversion: 1.0.0\nprofile: shop\n",
    "models/raw.sql": "select 1 as id, 'a' as name, cast(2.5 as decimal(10, 2)) as amount\n",
    "macros/cents.sql": "{% macro cents(column) %}cast({{ column }} * 100 as bigint){% endmacro %}\n",
}


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in {**PROJECT, **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def compile_project(folder: Path, files: dict[str, str]) -> CompiledArtifacts:
    write(folder, files)
    return compile_floe_spec(folder).artifacts


def refusal(folder: Path, files: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    write(folder, files)
    monkeypatch.chdir(folder)
    with pytest.raises(SpecError) as refused:
        compile_floe_spec(folder)
    return [str(problem) for problem in refused.value.problems]


@pytest.mark.requirement("WU-6", "FR-015", "FR-025")
def test_a_mistake_is_told_at_the_place_somebody_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = refusal(
        tmp_path,
        {
            "models/behind_a_macro.sql": "select {{ cents('amount') }} as c, nme\nfrom {{ ref('raw') }}",
            "models/in_a_macro.sql": "select\n  id,\n  {{ cents('amuont') }} as c\nfrom {{ ref('raw') }}\n",
            "models/in_a_loop.sql": (
                "select\n{% for name in ['id', 'nme'] %}\n  max({{ name }}) as {{ name }}_max,\n"
                "{% endfor %}\n"
                "  1 as one\nfrom {{ ref('raw') }}\n"
            ),
            "models/later.sql": (
                "{{ config(materialized='incremental') }}\nselect id from {{ ref('raw') }}\n"
                "{% if is_incremental() %}\nwhere id > (select max(idd) from {{ this }})\n{% endif %}\n"
            ),
            "models/schema.yml": (
                "models:\n  - name: raw\n    columns:\n      - {name: id}\n"
                "      - {name: nome, data_tests: [not_null]}\n"
            ),
        },
        monkeypatch,
    )

    assert [text.partition("\n")[0] for text in told] == [
        "models/behind_a_macro.sql:1:36: FLOE-E407 model 'behind_a_macro': "
        'Referenced column "nme" not found in FROM clause!',
        "models/in_a_loop.sql:3:1: FLOE-E407 model 'in_a_loop': "
        "Referenced column \"nme\" not found in FROM clause!, in the compiled 'max(nme) as nme_max,'",
        "models/in_a_macro.sql:3:1: FLOE-E407 model 'in_a_macro': Referenced column \"amuont\" not found in "
        "FROM clause!, in the compiled 'cast(amuont * 100 as bigint) as c'",
        "models/later.sql:4:24: FLOE-E407 model 'later': "
        'Referenced column "idd" not found in FROM clause! (where is_incremental() is true)',
        "models/schema.yml:5:9: FLOE-E407 test 'not_null_raw_nome': "
        "Referenced column \"nome\" not found in FROM clause!, in the compiled 'where nome is null'",
    ]
    assert [text.partition('bindings: "')[2].partition('"')[0] for text in told] == [
        "name",
        "name",
        "amount",
        "id",
        "name",
    ]


@pytest.mark.requirement("WU-6", "FR-010")
def test_columns_of_a_model_that_shows_them_only_in_the_run_are_the_described_ones(tmp_path: Path) -> None:
    asked = "{{ run_query('select 1').columns[0].values()[0] if execute }}"
    artifacts = compile_project(
        tmp_path,
        {
            "models/asks.sql": f"select {asked} as n\n",
            "models/silent.sql": f"select {asked} as n\n",
            "models/reads.sql": "select n + 1 as more from {{ ref('asks') }}\n",
            "models/waits.sql": "select n + 1 as more from {{ ref('silent') }}\n",
            "models/schema.yml": "models: [{name: asks, columns: [{name: n, data_type: integer}]}]\n",
        },
    )

    shown = {
        model.name: (model.proof, [(column.name, column.type) for column in model.columns])
        for model in artifacts.transforms
    }
    assert shown["asks"] == ("deferred", [("n", "INTEGER")])
    assert shown["silent"] == ("deferred", [])
    assert shown["reads"] == ("bound", [("more", "INTEGER")])
    assert shown["waits"] == ("deferred", [])


@pytest.mark.requirement("FR-010", "FR-094")
def test_lineage_goes_through_ephemeral_models_and_macros(tmp_path: Path) -> None:
    artifacts = compile_project(
        tmp_path,
        {
            "models/between.sql": "{{ config(materialized='ephemeral') }} select * from {{ ref('raw') }}\n",
            "models/top.sql": "select id, {{ cents('amount') }} as c from {{ ref('between') }} where id > 0",
        },
    )

    top = next(model for model in artifacts.transforms if model.name == "top")
    assert top.lineage == "known"
    assert [[str(each) for each in column.inputs] for column in top.columns] == [
        ["dataset='shop.raw' column='id' transformation='IDENTITY'"],
        ["dataset='shop.raw' column='amount' transformation='TRANSFORMATION'"],
    ]
    assert [(each.column, each.transformation, each.type) for each in top.row_inputs] == [
        ("id", "FILTER", "INDIRECT")
    ]
    assert [(column.name, column.nullable) for column in top.columns] == [("id", False), ("c", False)]


@pytest.mark.requirement("FR-094")
@pytest.mark.parametrize(
    ("macro", "nullable"),
    [
        ("{% macro mine() %}1{% endmacro %}", False),
        ("{% test not_null(model, column_name) %}select 1 where false{% endtest %}", True),
        ("{% macro default__test_not_null(model, column_name) %}select 1 where false{% endmacro %}", True),
    ],
)
def test_a_test_that_the_project_replaced_keeps_no_column_from_null(
    macro: str, nullable: bool, tmp_path: Path
) -> None:
    artifacts = compile_project(
        tmp_path,
        {
            "macros/own.sql": macro,
            "models/m.sql": "select nullif(amount, 1) as a from {{ ref('raw') }}",
            "models/m.yml": "models: [{name: m, columns: [{name: a, data_tests: [not_null]}]}]\n",
        },
    )

    (model,) = (each for each in artifacts.transforms if each.name == "m")
    assert [(column.name, column.nullable) for column in model.columns] == [("a", nullable)]


@pytest.mark.requirement("FR-010", "FR-016")
def test_only_the_edited_model_is_proven_again_and_the_artifact_is_the_same_as_from_nothing(
    tmp_path: Path,
) -> None:
    files = {
        f"models/m{n}.sql": f"select id, amount * {n} as amount from {{{{ ref('raw') }}}}\n" for n in range(3)
    }
    compile_project(tmp_path / "edited", files)
    files["models/m1.sql"] = "select id, name from {{ ref('raw') }}\n"
    before = (tmp_path / "edited/target/floe/proofs.json").read_bytes()

    edited = compile_project(tmp_path / "edited", files)
    fresh = compile_project(tmp_path / "fresh", files)

    assert edited.to_bytes() == fresh.to_bytes()
    assert (tmp_path / "edited/target/floe/proofs.json").read_bytes() != before

    def types_after_editing_m1(sql: str, proofs: bytes) -> dict[str, list[str]]:
        (tmp_path / "edited/target/floe/proofs.json").write_bytes(proofs)
        (tmp_path / "edited/models/m1.sql").write_text(sql)
        models = compile_floe_spec(tmp_path / "edited").artifacts.transforms
        return {model.name: [column.type for column in model.columns] for model in models}

    kept = json.loads((tmp_path / "edited/target/floe/proofs.json").read_bytes())
    kept["proofs"]["model.shop.m2"]["columns"][0][1] = "BIGINT"
    told = types_after_editing_m1("select name from {{ ref('raw') }}\n", json.dumps(kept).encode())
    assert (told["m1"], told["m2"][0]) == (["VARCHAR"], "BIGINT")  # m2 is as it was written down
    anew = types_after_editing_m1("select id from {{ ref('raw') }}\n", b"{")
    assert (anew["m1"], anew["m2"][0]) == (["INTEGER"], "INTEGER")


@pytest.mark.requirement("WU-6", "FR-015")
def test_a_contract_is_held_against_what_was_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    enforced = "{{ config(contract={'enforced': true}) }} "
    told = refusal(
        tmp_path,
        {
            "models/kept.sql": enforced
            + "select id, sum(amount) as total from {{ ref('raw') }} group by id\n",
            "models/broken.sql": enforced + "select id, name as city, 1 as more from {{ ref('raw') }}\n",
            "models/schema.yml": (
                "models:\n"
                "  - name: kept\n    columns:\n"
                "      - {name: id, data_type: int}\n      - {name: total, data_type: 'decimal(38, 2)'}\n"
                "  - name: broken\n    columns:\n"
                "      - {name: id, data_type: bigint, constraints: [{type: not_null}]}\n"
                "      - {name: citty, data_type: text}\n      - {name: city, data_type: string}\n"
            ),
        },
        monkeypatch,
    )

    assert told == [
        "models/schema.yml:6:5: FLOE-E471 model 'broken' has a column 'more' that its contract does not\n"
        "  hint: add '- {name: more, data_type: integer}' under 'columns'",
        "models/schema.yml:8:9: FLOE-E472 column 'broken.id' is INTEGER, its contract says bigint\n"
        "  hint: cast it: id::bigint, or write 'data_type: integer'",
        "models/schema.yml:9:9: FLOE-E470 the contract of model 'broken' has a column 'citty', its SQL does "
        "not\n  hint: did you mean 'city'?",
    ]


@pytest.mark.requirement("FR-015", "FR-091")
def test_partitions_and_orders_that_do_not_fit_the_columns_are_told_where_the_model_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = "{{ config(partition_by=['day(name)', 'week(id)', 'bucket(4, id)'], sort_by='idd desc') }}"
    files = {
        "models/cut.sql": f"{config}\nselect * from {{{{ ref('raw') }}}}\n",
        "models/fine.sql": "{{ config(partition_by='name', sort_by=[]) }} select * from {{ ref('raw') }}\n",
    }

    assert refusal(tmp_path, files, monkeypatch) == [
        "models/cut.sql:1:1: FLOE-E452 model 'cut': 'idd desc' names no column of the table\n"
        "  hint: its columns: id, name, amount",
        "models/cut.sql:1:1: FLOE-E451 model 'cut': partition_by 'day(name)': column 'name' is of type"
        " 'string', which it is not for\n"
        "  hint: days and hours are of timestamps; cast the column, or take another transform",
        "models/cut.sql:1:1: FLOE-E450 model 'cut': partition_by 'week(id)' is no transform\n"
        "  hint: a column, year(c), month(c), day(c), hour(c), bucket(16, c) or truncate(4, c)",
    ]


SNAPSHOT = """\
snapshots:
  - name: raw_history
    relation: ref('raw')
    config: {unique_key: id, strategy: check, check_cols: all}
"""
PYTHON = """\
def model(dbt, session):
    return dbt.ref("raw").project("id, 2 as score")
"""


@pytest.mark.requirement("FR-010", "WU-6")
def test_snapshots_are_bound_with_their_history_and_python_models_as_they_are_described(
    tmp_path: Path,
) -> None:
    artifacts = compile_project(
        tmp_path,
        {
            "snapshots/history.yml": SNAPSHOT,
            "models/scored.py": PYTHON,
            "models/silent.py": PYTHON,
            "models/schema.yml": (
                "models:\n  - name: scored\n    columns:\n"
                "      - {name: id, data_type: bigint}\n      - {name: score, data_type: integer}\n"
            ),
            "models/top.sql": (
                "select h.name, s.score, h.dbt_valid_to from {{ ref('raw_history') }} as h\n"
                "join {{ ref('scored') }} as s on s.id = h.id\n"
            ),
            "models/waits.sql": "select * from {{ ref('silent') }}\n",
        },
    )

    shown = {
        model.name: (
            *(model.language, model.materialized, model.proof, model.lineage),
            {column.name: column.type for column in model.columns},
        )
        for model in artifacts.transforms
        if model.name != "raw"
    }
    assert shown == {
        "raw_history": (
            *("sql", "snapshot", "bound", "known"),
            {
                "id": "INTEGER",
                "name": "VARCHAR",
                "amount": "DECIMAL(10,2)",
                "dbt_scd_id": "VARCHAR",
                "dbt_updated_at": "TIMESTAMP",
                "dbt_valid_from": "TIMESTAMP",
                "dbt_valid_to": "TIMESTAMP",
            },
        ),
        "scored": ("python", "table", "deferred", "unknown", {"id": "BIGINT", "score": "INTEGER"}),
        "silent": ("python", "table", "deferred", "unknown", {}),
        "top": (
            *("sql", "view", "bound", "known"),
            {"name": "VARCHAR", "score": "INTEGER", "dbt_valid_to": "TIMESTAMP"},
        ),
        "waits": ("sql", "view", "deferred", "unknown", {}),
    }


@pytest.mark.requirement("FR-010", "WU-6", "FR-015")
def test_what_snapshots_and_python_models_do_not_have_is_told_to_those_who_read_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = refusal(
        tmp_path,
        {
            "snapshots/history.yml": SNAPSHOT,
            "models/scored.py": PYTHON,
            "models/schema.yml": (
                "models:\n  - name: scored\n    columns: [{name: id, data_type: bigint}]\n"
                "  - name: odd\n    columns: [{name: id, data_type: biggint}]\n"
            ),
            "models/odd.py": PYTHON,
            "models/late.sql": "select dbt_valid_till from {{ ref('raw_history') }}\n",
            "models/top.sql": "select score from {{ ref('scored') }}\n",
        },
        monkeypatch,
    )

    assert [text.partition("\n")[0] for text in told] == [
        "models/late.sql:1:8: FLOE-E407 model 'late': "
        'Referenced column "dbt_valid_till" not found in FROM clause!',
        "models/schema.yml:5:15: FLOE-E476 column 'odd.id' has data_type 'biggint', "
        "which is no type of a table",
        "models/top.sql:1:8: FLOE-E407 model 'top': Referenced column \"score\" not found in FROM clause!",
    ]
