"""A dbt contract is held in a run too: also of a model whose SQL shows only there."""

from __future__ import annotations

import pytest

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
        "other_type": "column 'id' is VARCHAR, the contract says int",
        "missing": "the contract has a column 'id', the SQL does not",
        "more": "the SQL has a column 'extra', the contract does not",
    }
    assert {unique_id.rpartition(".")[2] for unique_id in built.written} == {"kept", "asks"}
