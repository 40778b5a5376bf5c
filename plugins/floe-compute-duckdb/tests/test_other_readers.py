"""What each operation leaves in a table, read by PyIceberg and by DuckDB's own iceberg extension."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from floe_iceberg import Alteration, RunTransaction
from testing.lake import Lake, identity
from testing.other_readers import Rows, duckdb_types, with_duckdb, with_pyiceberg

Operation = Callable[[Lake, RunTransaction], object]
MOMENT = dt.datetime(2024, 2, 29, 10)
FIRST = "select * from (values (1, 'eu', 10), (2, 'us', 20), (3, 'eu', null)) t(id, region, v)"


def write(sql: str, mode: str, **more: Any) -> Operation:
    return lambda lake, run: lake.write(run, "t", sql, mode, **more)


def alter(alteration: Alteration, **more: Any) -> Operation:
    return lambda lake, run: run.alter(lake.id("t"), alteration, model="model.shop.t", **more)


def delete(where: str) -> Operation:
    return lambda lake, run: run.delete(lake.con, lake.id("t"), where, model="model.shop.t")


def compact(lake: Lake, run: RunTransaction) -> None:
    assert run.compact(lake.con, lake.id("t"), model="model.shop.t", target_bytes=1 << 20, min_files=2)


def roll_back(lake: Lake, run: RunTransaction) -> None:
    run.roll_back(lake.id("t"), lake.table("t").history()[-2].snapshot_id, model="model.shop.t")


OPERATIONS: list[tuple[str, Operation, list[tuple[Any, ...]]]] = [
    ("create", write(FIRST, "overwrite"), [(1, "eu", 10), (2, "us", 20), (3, "eu", None)]),
    (
        "append",
        write("select 4 as id, 'de' as region, 40 as v", "append"),
        [(1, "eu", 10), (2, "us", 20), (3, "eu", None), (4, "de", 40)],
    ),
    (
        "merge",
        write(
            "select * from (values (2, 21), (5, 50)) t(id, v)",
            "merge",
            unique_key=["id"],
            on_schema_change="append_new_columns",
        ),
        [(1, "eu", 10), (2, "us", 21), (3, "eu", None), (4, "de", 40), (5, None, 50)],
    ),
    (
        "delete and insert",
        write("select 7 as id, 'eu' as region, 70 as v", "delete+insert", unique_key=["region"]),
        [(2, "us", 21), (4, "de", 40), (5, None, 50), (7, "eu", 70)],
    ),
    ("delete", delete("id = 4"), [(2, "us", 21), (5, None, 50), (7, "eu", 70)]),
    (
        "add a column",
        write(
            "select 8 as id, 'us' as region, 80 as v, true as new",
            "append",
            on_schema_change="append_new_columns",
        ),
        [(2, "us", 21, None), (5, None, 50, None), (7, "eu", 70, None), (8, "us", 80, True)],
    ),
    (
        "drop, widen, rename and order columns",
        alter(Alteration(drop=["new"], widen={"id": "BIGINT"}, rename={"v": "value"}, order=["region"])),
        [("us", 2, 21), (None, 5, 50), ("eu", 7, 70), ("us", 8, 80)],
    ),
    (
        "another partition and order",
        alter(Alteration(), partition_by=["region"], sort_by=["id desc"]),
        [("us", 2, 21), (None, 5, 50), ("eu", 7, 70), ("us", 8, 80)],
    ),
    (
        "a write into the new partitions",
        write("select 'us' as region, 9 as id, 90 as value", "append"),
        [("us", 2, 21), (None, 5, 50), ("eu", 7, 70), ("us", 8, 80), ("us", 9, 90)],
    ),
    (
        "overwrite a partition",
        lambda lake, run: (
            delete("region = 'us'")(lake, run),
            write("select 'us' as region, 1 as id, 1 as value", "append")(lake, run),
        ),
        [(None, 5, 50), ("eu", 7, 70), ("us", 1, 1)],
    ),
    (
        "partition by what is computed",
        write(
            f"select 'us' as region, 6 as id, 6 as value, timestamp '{MOMENT}' as at",
            "append",
            on_schema_change="append_new_columns",
            partition_by=["day(at)", "bucket(4, id)", "truncate(1, region)"],
        ),
        [(None, 5, 50, None), ("eu", 7, 70, None), ("us", 1, 1, None), ("us", 6, 6, MOMENT)],
    ),
    (
        "merge over all specs",
        write(
            "select id, value + 1 as value from t",
            "merge",
            unique_key=["id"],
            on_schema_change="append_new_columns",
        ),
        [(None, 5, 51, None), ("eu", 7, 71, None), ("us", 1, 2, None), ("us", 6, 7, MOMENT)],
    ),
    (
        "append to a partition",
        write(f"select 'us' as region, 6 as id, 8 as value, timestamp '{MOMENT}' as at", "append"),
        [
            *[(None, 5, 51, None), ("eu", 7, 71, None), ("us", 1, 2, None)],
            *[("us", 6, 7, MOMENT), ("us", 6, 8, MOMENT)],
        ],
    ),
    (
        "compact",
        compact,
        [
            *[(None, 5, 51, None), ("eu", 7, 71, None), ("us", 1, 2, None)],
            *[("us", 6, 7, MOMENT), ("us", 6, 8, MOMENT)],
        ],
    ),
    (
        "drop the partitions",
        alter(Alteration(drop=["at"]), partition_by=[]),
        [(None, 5, 51), ("eu", 7, 71), ("us", 1, 2), ("us", 6, 7), ("us", 6, 8)],
    ),
    (
        "another type",
        write("select region, 'x' || id as id from t", "overwrite"),
        [(None, "x5"), ("eu", "x7"), ("us", "x1"), ("us", "x6"), ("us", "x6")],
    ),
    ("roll back", roll_back, [(None, 5, 51), ("eu", 7, 71), ("us", 1, 2), ("us", 6, 7), ("us", 6, 8)]),
    ("empty", delete("true"), []),
]


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    made = Lake(tmp_path / "lake")
    yield made
    made.close()


def compared(lake: Lake, name: str) -> Rows:
    """The rows that all three readers agree on, with the names and types they give the columns."""
    table = lake.table(name)
    rows = with_pyiceberg(table)
    assert with_duckdb(table) == rows
    assert lake.rows(name) == rows
    assert duckdb_types(table) == dict(lake.manager.columns(lake.id(name)))
    return rows


@pytest.mark.requirement("FR-022", "FR-090", "FR-091")
def test_other_readers_see_what_each_operation_left(lake: Lake) -> None:
    for number, (what, operation, wanted) in enumerate(OPERATIONS):
        if scan := lake.manager.scan_sql(lake.id("t")) if number else None:
            lake.con.execute(f"create or replace temp view t as {scan}")
        with lake.manager.run(identity(f"r{number}")) as run:
            operation(lake, run)
            run.publish()

        assert (what, compared(lake, "t")) == (what, sorted(wanted, key=repr))
