"""What DuckDB is told of a table's size: joins are ordered by it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from floe_iceberg import TableId
from testing.lake import Lake, identity

JOIN = "explain select count(*) from ({many}) many join ({few}) few using (id)"


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    lake = Lake(tmp_path / "lake")
    yield lake
    lake.close()


def estimates(lake: Lake, **scans: str) -> set[str]:
    [[_, plan]] = lake.con.execute(JOIN.format(**scans)).fetchall()
    return set(re.findall(r"~([\d,]+) rows?", str(plan)))


def scan(lake: Lake, table: str) -> str:
    sql = lake.manager.scan_sql(TableId(lake.namespace, table))
    assert sql is not None
    return sql


@pytest.mark.requirement("FR-022")
def test_the_engine_knows_how_many_rows_its_tables_have(lake: Lake) -> None:
    lake.publish("1", "many", "select i as id, i % 7 as kind from range(50000) r(i)")
    lake.publish("2", "few", "select 3 as id")

    assert {"50,000", "1"} <= estimates(lake, many=scan(lake, "many"), few=scan(lake, "few"))
    lake.publish("3", "many", "select 50000 + i as id, 8 as kind from range(10) r(i)", "append")
    assert {"50,010", "1"} <= estimates(lake, many=scan(lake, "many"), few=scan(lake, "few"))


@pytest.mark.requirement("FR-022", "FR-090")
def test_what_was_written_before_a_column_came_or_under_another_type_is_read_by_field_ids(lake: Lake) -> None:
    lake.publish("1", "t", "select 1 as id, 'a' as name")
    with lake.manager.run(identity("2")) as run:
        changed = "select 2::bigint as id, 'b' as name, 5 as more"
        lake.write(run, "t", changed, mode="append", on_schema_change="append_new_columns")
        run.publish()

    assert lake.con.execute(f"from ({scan(lake, 't')}) order by id").fetchall() == [
        (1, "a", None),
        (2, "b", 5),
    ]


@pytest.mark.requirement("FR-022")
def test_the_engine_knows_the_rows_of_a_table_whose_columns_have_changed(lake: Lake) -> None:
    lake.publish("1", "many", "select i as id from range(50000) r(i)")
    with lake.manager.run(identity("2")) as run:
        more = "select i as id, i % 7 as kind from range(10000) r(i)"
        lake.write(run, "many", more, mode="append", on_schema_change="append_new_columns")
        run.publish()
    lake.publish("3", "few", "select 3 as id")

    assert {"60,000", "1"} <= estimates(lake, many=scan(lake, "many"), few=scan(lake, "few"))


@pytest.mark.requirement("FR-022")
def test_the_engine_knows_the_ends_of_a_column_over_several_files(lake: Lake) -> None:
    lake.publish("1", "t", "select i as id, i % 7 as kind from range(1000) r(i)")
    lake.publish("2", "t", "select 1000 + i as id, 40 + i % 7 as kind from range(1000) r(i)", "append")

    [[known]] = lake.con.execute(f"select any_value(stats(kind)) from ({scan(lake, 't')})").fetchall()
    assert "[Min: 0, Max: 46]" in known
    [[_, plan]] = lake.con.execute(
        f"explain select kind, count(*) from ({scan(lake, 't')}) group by kind"
    ).fetchall()
    assert "PERFECT_HASH_GROUP_BY" in plan
