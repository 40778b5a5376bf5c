"""Classes of the suite that ask what a database calls its types and relations."""

from __future__ import annotations

from typing import Any

import pytest
from dbt.tests.adapter.basic import expected_catalog, test_docs_generate
from dbt.tests.adapter.incremental import test_incremental_microbatch
from dbt.tests.adapter.python_model import test_python_model
from dbt.tests.adapter.unit_testing import test_types

pytestmark = [pytest.mark.requirement("FR-020", "FR-022", "FR-025"), pytest.mark.slow]

_NAMES = {
    "role": None,
    "id_type": "INTEGER",
    "text_type": "VARCHAR",
    "time_type": "TIMESTAMP",
    "view_type": "BASE TABLE",
    "table_type": "BASE TABLE",
    "model_stats": expected_catalog.no_stats(),
}


class TestDocsGenerate(test_docs_generate.BaseDocsGenerate):
    @pytest.fixture(scope="class")
    def expected_catalog(self, project: Any) -> Any:
        return expected_catalog.base_expected_catalog(project, **_NAMES)


class TestDocsGenReferences(test_docs_generate.BaseDocsGenReferences):
    @pytest.fixture(scope="class")
    def expected_catalog(self, project: Any) -> Any:
        return expected_catalog.expected_references_catalog(project, bigint_type="BIGINT", **_NAMES)


class TestPythonIncremental(test_python_model.BasePythonIncrementalTests):
    @pytest.fixture(scope="class")
    def project_config_update(self) -> dict[str, Any]:
        return {"models": {"+incremental_strategy": "delete+insert"}}

    @pytest.fixture(scope="class")
    def models(self) -> dict[str, str]:
        filtering = test_python_model.incremental_python.replace(
            "df.filter(df.id > 5)", "df.filter('id > 5')"
        )
        return {"m_1.sql": test_python_model.m_1, "incremental.py": filtering}


class TestMicrobatch(test_incremental_microbatch.BaseMicrobatch):
    @pytest.fixture(scope="class")
    def microbatch_model_sql(self) -> str:
        return """
            {{ config(materialized='incremental', incremental_strategy='microbatch', event_time='event_time',
                      batch_size='day', begin='2020-01-01 00:00:00') }}
            select * from {{ ref('input_model') }}
        """

    @pytest.fixture(scope="class")
    def input_model_sql(self) -> str:
        return test_incremental_microbatch._input_model_sql.replace(":00-0'", ":00'")

    @pytest.fixture(scope="class")
    def insert_two_rows_sql(self, project: Any) -> str:
        return (
            f"insert into {project.test_schema}.input_model (id, event_time) values"
            " (4, TIMESTAMP '2020-01-04 00:00:00'), (5, TIMESTAMP '2020-01-05 00:00:00')"
        )


class TestUnitTestingTypes(test_types.BaseUnitTestingTypes):
    @pytest.fixture
    def data_types(self) -> list[list[str]]:
        """SQL of a value, and how a unit test's YAML writes it."""
        return [
            ["1", "1"],
            ["2.0", "2.0"],
            ["'12345'", "12345"],
            ["'string'", "string"],
            ["true", "true"],
            ["DATE '2020-01-02'", "2020-01-02"],
            ["TIMESTAMP '2013-11-03 00:00:00'", "2013-11-03 00:00:00"],
            ["'2013-11-03 00:00:00-00'::TIMESTAMPTZ", "2013-11-03 00:00:00-00"],
            ["{'Alberta':'Edmonton'}", "{'Alberta':'Edmonton'}"],
            ["ARRAY['a','b','c']", "['a','b','c']"],
            ["ARRAY[1,2,3]", "[1, 2, 3]"],
        ]
