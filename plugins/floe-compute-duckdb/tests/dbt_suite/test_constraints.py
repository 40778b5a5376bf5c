"""Classes of the suite about contracts: types by DuckDB's names, and the DDL that DuckDB checks them with."""

from __future__ import annotations

from typing import Any

import pytest
from dbt.tests.adapter.constraints import test_constraints

pytestmark = [pytest.mark.requirement("FR-022", "FR-024"), pytest.mark.slow]


class _Types:
    @pytest.fixture
    def int_type(self) -> str:
        return "INT"

    @pytest.fixture
    def string_type(self) -> str:
        return "VARCHAR"

    @pytest.fixture
    def data_types(self, schema_int_type: str, int_type: str, string_type: str) -> list[list[str]]:
        """SQL of a value, its type in a contract, and in dbt's words about a breach of it."""
        return [
            ["1", schema_int_type, int_type],
            ["'1'", string_type, string_type],
            ["true", "bool", "BOOL"],
            ["'2013-11-03 00:00:00-07'::timestamp", "TIMESTAMP", "TIMESTAMP"],
            ["'2013-11-03 00:00:00-07'::timestamptz", "TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE"],
            ["ARRAY['a','b','c']", "VARCHAR[]", "VARCHAR[]"],
            ["ARRAY[1,2,3]", "INTEGER[]", "INTEGER[]"],
            ["'1'::numeric", "numeric", "DECIMAL"],
            ["""'{"bar": "baz", "balance": 7.77, "active": false}'::json""", "json", "JSON"],
        ]


class TestTableConstraintsColumnsEqual(_Types, test_constraints.BaseTableConstraintsColumnsEqual):
    pass


class TestViewConstraintsColumnsEqual(_Types, test_constraints.BaseViewConstraintsColumnsEqual):
    pass


class TestIncrementalConstraintsColumnsEqual(_Types, test_constraints.BaseIncrementalConstraintsColumnsEqual):
    pass


class _NotNull:
    @pytest.fixture(scope="class")
    def expected_error_messages(self) -> list[str]:
        return ["NOT NULL constraint failed"]


class TestConstraintsRollback(_NotNull, test_constraints.BaseConstraintsRollback):
    pass


class TestIncrementalConstraintsRollback(_NotNull, test_constraints.BaseIncrementalConstraintsRollback):
    pass


_ROWS = """
    insert into <model_identifier> (id, color, date_day) (
        select id, color, date_day from (
            -- depends_on: <foreign_key_model_identifier>
            select 'blue' as color, 1 as id, '2019-01-01' as date_day
        ) as model_subq
    );
"""


class _OfColumns:
    @pytest.fixture(scope="class")
    def expected_sql(self) -> str:
        """Without the foreign key, which is looked up: the other table is a view to DuckDB."""
        return f"""
            create temp table <model_identifier> (
                id integer not null primary key check ((id > 0)) check (id >= 1) unique,
                color text,
                date_day text
            ) ; {_ROWS}
        """


class TestConstraintsRuntimeDdlEnforcement(_OfColumns, test_constraints.BaseConstraintsRuntimeDdlEnforcement):
    pass


class TestIncrementalConstraintsRuntimeDdlEnforcement(
    _OfColumns, test_constraints.BaseIncrementalConstraintsRuntimeDdlEnforcement
):
    pass


class TestModelConstraintsRuntimeEnforcement(test_constraints.BaseModelConstraintsRuntimeEnforcement):
    @pytest.fixture(scope="class")
    def expected_sql(self) -> str:
        return f"""
            create temp table <model_identifier> (
                id integer not null,
                color text,
                date_day text,
                check ((id > 0)),
                check (id >= 1),
                primary key (id),
                constraint strange_uniqueness_requirement unique (color, date_day)
            ) ; {_ROWS}
        """


class TestConstraintQuotedColumn(test_constraints.BaseConstraintQuotedColumn):
    @pytest.fixture(scope="class")
    def expected_sql(self, project: Any) -> str:
        return """
            create temp table <model_identifier> (
                id integer not null,
                "from" text not null,
                date_day text,
                check (("from" = 'blue'))
            ) ;
            insert into <model_identifier> (id, "from", date_day) (
                select id, "from", date_day from (
                    select 'blue' as "from", 1 as id, '2019-01-01' as date_day
                ) as model_subq
            );
        """
