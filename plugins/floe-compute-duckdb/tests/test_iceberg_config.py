"""Iceberg's own things as config of a model: partitions, order, properties, and types that change."""

from __future__ import annotations

from typing import Any

import pytest

from testing.dbt_project import DbtProject
from testing.other_readers import with_duckdb, with_pyiceberg

ROWS = (
    "select * from (values (1, 'eu', timestamp '2024-01-01 10:00'), (2, 'us', timestamp '2024-01-02 11:00'),"
    " (3, 'eu', null)) t(id, region, seen_at)"
)


def model(sql: str, **config: Any) -> str:
    said = ", ".join(f"{key}={value!r}" for key, value in config.items())
    return f"{{{{ config({said}) }}}} {sql}"


def spec(project: DbtProject, table: str) -> list[str]:
    return [f"{field.name}: {field.transform}" for field in project.lake.table(table).spec().fields]


def partitions(project: DbtProject, table: str) -> set[tuple[int, str]]:
    """The spec and the partition of each file."""
    files = project.lake.table(table).scan().plan_files()
    return {(task.file.spec_id, str(task.file.partition)) for task in files}


@pytest.mark.requirement("FR-091")
@pytest.mark.parametrize("materialized", ["table", "incremental"])
def test_a_changed_partition_by_evolves_the_spec(project: DbtProject, materialized: str) -> None:
    project.models(m=model(ROWS, materialized=materialized, partition_by="region"))
    assert project.build().errors == {}
    assert spec(project, "m") == ["region: identity"]
    first = project.lake.table("m").metadata.table_uuid

    terms = ["day(seen_at)", "bucket(4, id)", "truncate(1, region)"]
    project.models(m=model(ROWS, materialized=materialized, partition_by=terms))
    assert project.build().errors == {}

    assert spec(project, "m") == ["seen_at_day: day", "id_bucket: bucket[4]", "region_trunc: truncate[1]"]
    laid = len({spec_id for spec_id, _ in partitions(project, "m")})
    assert laid == (1 if materialized == "table" else 2)  # rows that stay lie as they lay
    once = [(1, "eu"), (2, "us"), (3, "eu")]
    assert [row[:2] for row in project.rows("m")] == (once if materialized == "table" else sorted(once * 2))
    project.models(m=model(ROWS, materialized=materialized))
    assert project.build().errors == {}
    assert len(spec(project, "m")) == 3
    project.models(m=model(ROWS, materialized=materialized, partition_by=[]))
    assert project.build().errors == {}
    assert spec(project, "m") == []
    table = project.lake.table("m")
    assert table.metadata.table_uuid == first
    assert with_duckdb(table) == with_pyiceberg(table) == project.lake.rows("m")


@pytest.mark.requirement("FR-091")
def test_rows_lie_in_the_order_of_sort_by_and_properties_are_the_table_s(project: DbtProject) -> None:
    properties = {"write.target-file-size-bytes": 1048576, "mine": True}
    project.models(
        m=model(ROWS, sort_by=["region desc", "id desc nulls last"], table_properties=properties),
        kept=model(ROWS, materialized="incremental", unique_key="id", sort_by="seen_at"),
    )
    assert project.build().errors == {}

    table = project.lake.table("m")
    assert [row["id"] for row in table.scan().to_arrow().to_pylist()] == [2, 3, 1]
    assert [str(field.direction) for field in table.sort_order().fields] == ["DESC", "DESC"]
    assert (table.properties["write.target-file-size-bytes"], table.properties["mine"]) == ("1048576", "true")
    project.models(m=model(ROWS, sort_by=[], table_properties={"mine": "no"}))
    assert project.build().errors == {}
    table = project.lake.table("m")
    assert (list(table.sort_order().fields), table.properties["mine"]) == ([], "no")
    assert table.properties["write.target-file-size-bytes"] == "1048576"
    assert [row["id"] for row in project.lake.table("kept").scan().to_arrow().to_pylist()] == [3, 1, 2]


PROMOTED = {
    "ints": ("1::integer", "3000000000::bigint", "long"),
    "floats": ("1.5::float", "2.5::double", "double"),
    "decimals": ("1.5::decimal(5, 2)", "12345.5::decimal(9, 2)", "decimal(9, 2)"),
}


@pytest.mark.requirement("FR-090", "FR-091")
def test_a_changed_type_is_promoted_without_rewriting_what_is_there(project: DbtProject) -> None:
    config = {"materialized": "incremental", "on_schema_change": "sync_all_columns"}
    project.models(**{n: model(f"select {old} as v", **config) for n, (old, _, _) in PROMOTED.items()})
    assert project.build().errors == {}
    before = {name: _files(project, name) for name in PROMOTED}
    fields = {name: project.lake.table(name).schema().fields[0].field_id for name in PROMOTED}
    project.models(**{n: model(f"select {new} as v", **config) for n, (_, new, _) in PROMOTED.items()})

    assert project.build().errors == {}

    for name, (_, _, wider) in PROMOTED.items():
        assert project.types(name) == {"v": wider}
        assert project.lake.table(name).schema().fields[0].field_id == fields[name]
        assert before[name] < _files(project, name)
        assert with_duckdb(project.lake.table(name)) == with_pyiceberg(project.lake.table(name))


def _files(project: DbtProject, table: str) -> set[str]:
    return {task.file.file_path for task in project.lake.table(table).scan().plan_files()}


UNFIT: dict[str, tuple[str, str, dict[str, Any]]] = {
    "narrow": ("1", "3000000000", {}),
    "appended": ("1", "3000000000", {"on_schema_change": "append_new_columns"}),
    "synced": ("'x'", "7", {"on_schema_change": "sync_all_columns"}),
    "merged": ("1", "3000000000", {"incremental_strategy": "merge"}),
    "partly": ("1", "3000000000", {"incremental_strategy": "merge", "merge_update_columns": ["how_many"]}),
    "copied": (
        "'x'",
        "7",
        {
            "on_schema_change": "sync_all_columns",
            "incremental_strategy": "merge",
            "merge_exclude_columns": ["other"],
        },
    ),
}


@pytest.mark.requirement("FR-090", "FR-066")
def test_a_type_that_cannot_change_fails_with_the_column_s_name(project: DbtProject) -> None:
    def models(new: int) -> None:
        for name, (*values, more) in UNFIT.items():
            config = {"materialized": "incremental", "unique_key": "id"} | more
            project.models(
                **{name: model(f"select {new} as id, {values[new]} as how_many, 0 as other", **config)}
            )

    models(0)
    assert project.build().errors == {}
    before = {name: project.lake.seen(name) for name in UNFIT}
    models(1)

    errors = project.build(publish=False).errors

    assert [(name, "how_many" in str(errors.get(name))) for name in UNFIT] == [(name, True) for name in UNFIT]
    assert {name: project.lake.seen(name) for name in UNFIT} == before
