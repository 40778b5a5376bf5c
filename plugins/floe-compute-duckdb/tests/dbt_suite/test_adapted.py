"""Classes of the suite that ask what a database calls its types and relations."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from dbt.tests import util
from dbt.tests.adapter.basic import expected_catalog, test_base, test_docs_generate
from dbt.tests.adapter.ephemeral import test_ephemeral
from dbt.tests.adapter.incremental import test_incremental_microbatch
from dbt.tests.adapter.python_model import test_python_model
from dbt.tests.adapter.sample_mode import fixtures as sample_mode
from dbt.tests.adapter.sample_mode import test_sample_mode
from dbt.tests.adapter.simple_copy import test_simple_copy
from dbt.tests.adapter.simple_seed import fixtures, seeds, test_seed, test_seed_type_override
from dbt.tests.adapter.unit_testing import test_types
from dbt.tests.adapter.utils import test_timestamps

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


class TestSimpleMaterializations(test_base.BaseSimpleMaterializations):
    @pytest.fixture(autouse=True)
    def views_are_tables(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def check(adapter: Any, relations: dict[str, str]) -> None:
            util.check_relation_types(adapter, dict.fromkeys(relations, "table"))

        monkeypatch.setattr(test_base, "check_relation_types", check)


class TestSimpleCopy(test_simple_copy.SimpleCopyBase):
    test_simple_copy_with_materialized_views = None  # type: ignore[assignment]  # pytest passes it by


class TestDocsGenerate(test_docs_generate.BaseDocsGenerate):
    @pytest.fixture(scope="class")
    def expected_catalog(self, project: Any) -> Any:
        return expected_catalog.base_expected_catalog(project, **_NAMES)


class TestDocsGenReferences(test_docs_generate.BaseDocsGenReferences):
    @pytest.fixture(scope="class")
    def expected_catalog(self, project: Any) -> Any:
        return expected_catalog.expected_references_catalog(project, bigint_type="BIGINT", **_NAMES)


def run_sql_of(model: str) -> str:
    return _without_spaces(Path(f"target/run/test/models/{model}.sql").read_text())


def _without_spaces(sql: str) -> str:
    return "".join(sql.split())


MULTI = """
with __dbt__cte__base as (select * from suite.seed),
__dbt__cte__base_copy as (select * from __dbt__cte__base)
-- base_copy just pulls from base. Make sure the listed
-- graph of CTEs all share the same dbt_cte__base cte
select * from __dbt__cte__base where gender = 'Male' union all
select * from __dbt__cte__base_copy where gender = 'Female'
"""
NESTED = """
with __dbt__cte__ephemeral_level_two as (select * from "floe"."suite"."source_table"),
__dbt__cte__ephemeral as (select * from __dbt__cte__ephemeral_level_two)
select * from __dbt__cte__ephemeral
"""


class TestEphemeralMulti(test_ephemeral.BaseEphemeralMulti):
    def test_ephemeral_multi(self, project: Any) -> None:
        util.run_dbt(["seed"])
        assert len(util.run_dbt(["run"])) == 3
        for model in ("dependent", "double_dependent", "super_dependent"):
            util.check_relations_equal(project.adapter, ["seed", model])
        assert run_sql_of("double_dependent") == _without_spaces(MULTI)


class TestEphemeralNested(test_ephemeral.BaseEphemeralNested):
    def test_ephemeral_nested(self, project: Any) -> None:
        assert len(util.run_dbt(["run"])) == 2
        assert run_sql_of("root_view") == _without_spaces(NESTED)


class _InUtc:
    """DuckDB reads no '-0' at the end of a time."""

    @pytest.fixture(scope="class")
    def input_model_sql(self) -> str:
        return sample_mode.input_model_sql.replace(":00-0'", ":00'")


class TestSampleMode(_InUtc, test_sample_mode.BaseSampleModeTest):
    pass


class TestPythonEmpty(_InUtc, test_python_model.BasePythonEmptyTests):
    pass


class TestPythonSample(_InUtc, test_python_model.BasePythonSampleTests):
    pass


class TestBasicSeeds(test_seed.BaseBasicSeedTests):
    test_simple_seed_full_refresh_flag = None  # type: ignore[assignment]  # pytest passes it by


class TestSimpleSeedColumnOverride(test_seed_type_override.BaseSimpleSeedColumnOverride):
    @pytest.fixture(scope="class")
    def models(self) -> dict[str, str]:
        names = {"text": "character varying(256)", "timestamp without time zone": "TIMESTAMP"}
        return {
            "schema.yml": re.sub(
                r"(?<=type: )[a-z ]+$",
                lambda told: names.get(told[0], told[0].upper()),
                fixtures.properties__schema_yml,
                flags=re.MULTILINE,
            )
        }


class TestCurrentTimestamps(test_timestamps.BaseCurrentTimestamps):
    @pytest.fixture(scope="class")
    def expected_schema(self) -> dict[str, str]:
        return {
            "current_timestamp": "TIMESTAMP WITH TIME ZONE",
            "current_timestamp_in_utc_backcompat": "TIMESTAMP",
            "current_timestamp_backcompat": "TIMESTAMP",
        }

    @pytest.fixture(scope="class")
    def expected_sql(self) -> None:
        """The types are what counts."""


class TestSimpleSeedWithBOM(test_seed.BaseSimpleSeedWithBOM):
    @pytest.fixture(scope="class", autouse=True)
    def setUp(self, project: Any) -> None:
        """The suite's own file of it is not in its distribution."""
        project.run_sql(seeds.seeds__expected_sql)
        file = Path(project.project_root) / "seeds" / "seed_bom.csv"
        file.parent.mkdir(exist_ok=True)
        file.write_text("\ufeff" + seeds.seed__actual_csv.lstrip(), encoding="utf-8")


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
