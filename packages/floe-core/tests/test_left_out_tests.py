"""Tests that dbt leaves out without a word that anybody sees."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from floe_core.compiler import compile_floe_spec

Write = Callable[[Mapping[str, str]], Path]


@pytest.mark.requirement("FR-010", "FR-015", "FR-016")
def test_a_test_of_something_that_is_not_there_is_told_at_each_compile(shop: Path, write: Write) -> None:
    write({"models/old.sql": "{{ config(enabled=false) }} select 1 as id\n"})
    before = compile_floe_spec(shop)
    assert before.warnings == ()
    write(
        {
            "tests/misspelt.sql": "select *\nfrom {{ ref('custmers') }}\n",
            "tests/no_source.sql": "select * from {{ source('bank', 'rates') }}\n",
            "tests/switched_off.sql": "select * from {{ ref('old') }}\n",
        }
    )

    after = compile_floe_spec(shop)

    misspelt, no_source = (str(problem) for problem in after.warnings)
    assert misspelt == (
        "tests/misspelt.sql:2:14: FLOE-E477 test 'misspelt' is left out: it reads 'custmers', which is"
        " not there\n  hint: did you mean 'customers'?"
    )
    assert no_source == (
        "tests/no_source.sql:1:34: FLOE-E477 test 'no_source' is left out: it reads 'bank.rates', which is"
        " not there\n  hint: mend the name, or delete the test"
    )
    assert {problem.severity for problem in after.warnings} == {"warning"}
    assert after.artifacts.enforcement_result.warning_count == 0
    assert compile_floe_spec(shop).warnings == after.warnings
    assert before.artifacts.project_digest != after.artifacts.project_digest
    assert before.artifacts.shared_digest == after.artifacts.shared_digest  # no model is another for it
