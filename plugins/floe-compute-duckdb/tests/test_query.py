"""Reading the published tables with SQL, and nothing but reading."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from floe_compute_duckdb import DuckDB
from floe_core.errors import SpecError
from floe_core.inlined_views import InlinedView
from floe_core.plugins.compute import Column, QueryResult
from floe_iceberg.history import time_of
from testing.lake import Lake, identity


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """Two products' tables, one of them never published."""
    lake = Lake(tmp_path_factory.mktemp("lake"), "shop-1")
    lake.publish("1", "orders", "select 1 as id, 'ann' as name union all select 2, null")
    lake.namespace = "other"
    lake.publish("2", "sales", "select 7 as n")
    lake.namespace = "shop-1"
    with lake.manager.run(identity("3")) as run:
        lake.write(run, "drafts", "select 1 as id")
    yield lake
    lake.close()


def query(lake: Lake, sql: str, schema: str | None = "shop_1") -> QueryResult:
    return DuckDB().query(lake.manager, sql, schema=schema)


@pytest.mark.requirement("FR-022", "TQR-014")
def test_tables_are_found_by_their_sql_names(lake: Lake) -> None:
    assert query(lake, "select * from orders order by id") == QueryResult(
        (Column("id", "INTEGER"), Column("name", "VARCHAR")), ((1, "ann"), (2, None))
    )
    for name in ("shop_1.orders", "floe.shop_1.orders", '"Orders"', "other.sales join orders on true"):
        assert query(lake, f"select count(*) from {name}").rows == ((2,),)
    assert query(lake, "from other.sales", None).rows == ((7,),)
    assert query(lake, "describe orders").rows[0][:2] == ("id", "INTEGER")
    assert query(lake, "select o.id from orders o join orders p using (id) where o.id = 2").rows == ((2,),)


@pytest.mark.requirement("FR-022")
def test_values_are_what_json_can_hold(lake: Lake) -> None:
    values = {
        "1.50": "1.50",
        "date '2024-02-29'": "2024-02-29",
        "timestamp '2024-01-01 01:02:03.5'": "2024-01-01 01:02:03.500000",
        "timestamptz '2024-01-01 01:00:00+01'": "2024-01-01 00:00:00+00:00",
        "time '01:02:03'": "01:02:03",
        "'nan'::double": "NaN",
        "'-inf'::float": "-Infinity",
        r"'\xAA\x01'::blob": "aa01",
        "'00000000-0000-0000-0000-000000000001'::uuid": "00000000-0000-0000-0000-000000000001",
        "[1.5::decimal(2,1), null]": ["1.5", None],
        "{'a': date '2024-01-01', 'b': {'c': 1}}": {"a": "2024-01-01", "b": {"c": 1}},
        "map {1: 'x'}": {"1": "x"},
        "12345678901234567890::hugeint": 12345678901234567890,
        "true": True,
        "2.5::double": 2.5,
        "null": None,
    }

    [row] = query(lake, f"select {', '.join(values)}").rows

    assert dict(zip(values, row, strict=True)) == values


@pytest.mark.requirement("FR-015", "FR-066")
@pytest.mark.parametrize(
    ("sql", "message", "hint"),
    [
        ("select * from ordres", "no table named 'ordres'", "did you mean 'orders'?"),
        ("select * from other.orders", "no table named 'orders' here", "did you mean 'shop_1.orders'?"),
        ("select * from drafts", "table 'shop_1.drafts' is not published yet", "'floe run' publishes it"),
        (
            "select idd from orders",
            'Referenced column "idd" not found in FROM clause!\nCandidate bindings: "id"\n'
            "  LINE 1: select idd from orders\n                 ^",
            None,
        ),
        ("selec 1", 'syntax error at or near "selec"\n  LINE 1: selec 1\n          ^', None),
        (
            "select 'a'::integer",
            "Conversion Error: Could not convert string 'a' to INT32\n"
            "  LINE 1: select 'a'::integer\n                    ^",
            None,
        ),
    ],
)
def test_what_does_not_work_is_told_with_what_was_meant(
    lake: Lake, sql: str, message: str, hint: str | None
) -> None:
    with pytest.raises(SpecError) as raised:
        query(lake, sql)

    [problem] = raised.value.problems
    assert (problem.message, problem.hint) == (message, hint)


@pytest.mark.requirement("FR-022")
@pytest.mark.parametrize(
    "sql",
    [
        "insert into orders values (3, 'x')",
        "create table t as select 1",
        "drop table orders",
        "copy orders to '/tmp/out.csv'",
        "attach '/tmp/x.db'",
        "set lock_configuration = false",
        "select 1; select 2",
        "",
    ],
)
def test_only_one_reading_statement_is_allowed(lake: Lake, sql: str) -> None:
    with pytest.raises(SpecError, match="only one reading statement is allowed"):
        query(lake, sql)


@pytest.mark.requirement("FR-066")
def test_no_file_outside_the_lake_can_be_read(lake: Lake, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("a\n1\n")
    for sql in (f"select * from '{tmp_path}/secret.csv'", "select * from glob('/etc/*')"):
        with pytest.raises(SpecError, match="Permission Error: Cannot access file"):
            query(lake, sql)


@pytest.mark.requirement("FR-092")
def test_tables_are_read_as_they_were(lake: Lake) -> None:
    lake.publish("t1", "stock", "select 1 as id")
    first = lake.table("stock").metadata.snapshot_log[-1]
    lake.publish("t2", "stock", "select 1 as id, 2 as pieces")
    second = lake.table("stock").metadata.snapshot_log[-1]
    lake.manager.tag(lake.id("stock"), "one-column", at=first.snapshot_id)
    engine, sql = DuckDB(), "from stock"
    for moment in (first.snapshot_id, time_of(first.timestamp_ms), "one-column"):
        then = engine.query(lake.manager, sql, schema="shop_1", as_of=moment)
        assert (then.columns, then.rows) == ((Column("id", "INTEGER"),), ((1,),))
    now = engine.query(lake.manager, sql, schema="shop_1", as_of=time_of(second.timestamp_ms))
    assert now.rows == ((1, 2),)
    with pytest.raises(SpecError, match=r"table 'shop-1\.stock' has no snapshot '5': the oldest it keeps is"):
        engine.query(lake.manager, sql, schema="shop_1", as_of=5)
    with pytest.raises(SpecError, match=r"table 'shop-1\.stock' has no tag or branch 'two'"):
        engine.query(lake.manager, sql, schema="shop_1", as_of="two")


@pytest.mark.requirement("FR-092", "FR-027")
def test_what_a_run_left_unpublished_can_be_looked_at(lake: Lake) -> None:
    def left(sql: str) -> tuple[tuple[object, ...], ...]:
        return DuckDB().query(lake.manager, sql, schema="shop_1", run_id="3").rows

    assert left("from drafts") == ((1,),)
    assert left("select d.id, name from drafts d join orders using (id)") == ((1, "ann"),)
    with pytest.raises(SpecError, match="run '1' has left nothing unpublished"):
        DuckDB().query(lake.manager, "from orders", schema="shop_1", run_id="1")


@pytest.mark.requirement("FR-022")
def test_a_view_may_call_a_part_of_its_query_as_itself_or_as_a_view_that_reads_it(lake: Lake) -> None:
    views = [
        InlinedView("shop_1", "named", "with named as (select id from orders) select * from named"),
        InlinedView("shop_1", "first", "with second as (select id from orders) select * from second"),
        InlinedView("shop_1", "second", "select id + 1 as id from first"),
        InlinedView("shop_1", "broken", "with reads as (from gone) from reads"),
        InlinedView("shop_1", "reads", "with broken as (from shop_1.broken) from broken"),
    ]

    def ids(sql: str) -> list[object]:
        rows = DuckDB().query(lake.manager, f"from ({sql}) order by id", schema="shop_1", views=views).rows
        return [row[0] for row in rows]

    assert (ids("from named"), ids("from second"), ids("from first")) == ([1, 2], [2, 3], [1, 2])
    assert ids("select id from first join second using (id)") == [2]
    with pytest.raises(SpecError, match="no table named 'gone'"):
        ids("from reads")
