"""Merges with options, worked out by DuckDB, rewrite the files with the keys and leave the others alone."""

from __future__ import annotations

import pytest

from testing.dbt_project import DbtProject

MERGE = "materialized='incremental', incremental_strategy='merge', unique_key='id'"
CONFIGS = {
    "updated": f"{MERGE}, merge_update_columns=['v']",
    "excluded": f"{MERGE}, merge_exclude_columns=['w']",
    "filtered": f"{MERGE}, incremental_predicates=['DBT_INTERNAL_DEST.v > 0']",
    "deleted": "materialized='incremental', incremental_strategy='delete+insert', unique_key='id',"
    " incremental_predicates=['v > 0']",
    "computed": "materialized='incremental', unique_key='(id || w)'",
    "listed": "materialized='incremental', unique_key='id, w'",
    "in_quotes": "materialized='incremental', unique_key='\"id\"'",
    "by_source": f"{MERGE}, merge_clauses={{'when_matched': [{{'action': 'update', 'mode': 'by_name'}}],"
    " 'when_not_matched': [{'action': 'insert', 'mode': 'by_name'}, {'by': 'source', 'action': 'delete'}]}",
}
NEW = [(1, 10, 0), (3, -30, 0), (6, 60, 0)]
LEFT = {
    "updated": [(1, 10, 1), (2, 2, 2), (3, -30, 3), (4, 4, 4), (6, 60, 0)],
    "excluded": [(1, 10, 1), (2, 2, 2), (3, -30, 3), (4, 4, 4), (6, 60, 0)],
    "filtered": [(1, 10, 0), (2, 2, 2), (3, -30, 0), (3, 0, 3), (4, 4, 4), (6, 60, 0)],
    "deleted": [(1, 10, 0), (2, 2, 2), (3, -30, 0), (3, 0, 3), (4, 4, 4), (6, 60, 0)],
    "computed": [(1, 1, 1), (1, 10, 0), (2, 2, 2), (3, -30, 0), (3, 0, 3), (4, 4, 4), (6, 60, 0)],
    "listed": [(1, 1, 1), (1, 10, 0), (2, 2, 2), (3, -30, 0), (3, 0, 3), (4, 4, 4), (6, 60, 0)],
    "in_quotes": [(1, 10, 0), (2, 2, 2), (3, -30, 0), (4, 4, 4), (6, 60, 0)],
    "by_source": [(1, 10, 0), (3, -30, 0), (6, 60, 0)],
}
WHOLE = {"by_source", "computed", "listed"}  # it takes all rows to know which ones these change


def values(rows: list[tuple[int, int, int]]) -> str:
    return f"select * from (values {', '.join(map(str, rows))}) t(id, v, w)"


def files(project: DbtProject, table: str) -> set[str]:
    return {task.file.file_path for task in project.lake.table(table).scan().plan_files()}


@pytest.mark.requirement("FR-025", "FR-092")
def test_only_the_files_with_a_key_are_rewritten(project: DbtProject) -> None:
    for rows in ([(1, 1, 1), (3, 0, 3)], [(2, 2, 2)], [(4, 4, 4)]):
        project.models(
            **{
                name: f"{{{{ config({config}) }}}} {values(rows)}"
                for name, config in CONFIGS.items()
                if name not in WHOLE
            },
            **{name: f"{{{{ config(materialized='incremental') }}}} {values(rows)}" for name in WHOLE},
        )
        assert project.build().errors == {}
    before = {name: files(project, name) for name in CONFIGS}
    project.models(**{name: f"{{{{ config({config}) }}}} {values(NEW)}" for name, config in CONFIGS.items()})

    assert project.build().errors == {}

    assert {name: project.rows(name) for name in CONFIGS} == LEFT
    left_alone = {name: len(before[name] & files(project, name)) for name in CONFIGS}
    assert left_alone == {name: 0 if name in WHOLE else 2 for name in CONFIGS}


@pytest.mark.requirement("FR-025", "FR-090")
def test_columns_that_come_and_go_leave_the_other_files_as_they_lie(project: DbtProject) -> None:
    config = f"{{{{ config({CONFIGS['updated']}, on_schema_change='sync_all_columns') }}}}"
    project.models(m=f"{config} select 1 as id, 1 as v, 1 as w")
    assert project.build().errors == {}
    project.models(m=f"{config} select 2 as id, 2 as v, 2 as w")
    assert project.build().errors == {}
    before = files(project, "m")
    project.models(m=f"{config} select 2 as id, 20 as v, 'n' as new")

    assert project.build().errors == {}

    assert project.rows("m") == [(1, 1, None), (2, 20, None)]
    assert len(before & files(project, "m")) == 1
    project.models(m=f"{config} select 3 as id, 'a' as v, 'n' as new")
    assert project.build().errors == {}
    assert project.rows("m") == [(1, "1", None), (2, "20", None), (3, "a", "n")]


@pytest.mark.requirement("FR-025")
def test_a_project_s_own_sql_for_a_strategy_may_change_any_row(project: DbtProject) -> None:
    project.write(
        "macros/own.sql",
        "{% macro get_incremental_merge_sql(args) %} update {{ args.target_relation }} set v = v + 1"
        " {% endmacro %}",
    )
    project.models(m=f"{{{{ config({MERGE}) }}}} select 1 as id, 1 as v")
    assert project.build().errors == {}
    project.models(m=f"{{{{ config({MERGE}) }}}} select 2 as id, 2 as v")

    assert project.build().errors == {}

    assert project.rows("m") == [(1, 2)]
