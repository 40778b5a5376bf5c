"""Reading what others wrote, and reading cheaply."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.types import LongType, NestedField, StringType
from sqlalchemy import event

from floe_core.errors import WorkError
from testing.foreign import delete_positions
from testing.lake import Lake, identity


def paths(table: Table) -> list[str]:
    return sorted(task.file.file_path for task in table.scan().plan_files())


@pytest.fixture
def deleted(lake: Lake) -> Lake:
    """A table of two files of ten rows, of which somebody deleted 3, 4 and 15 by position."""
    for start in (0, 10):
        sql = f"select range + {start} as id, range::varchar as v from range(10)"
        lake.publish(f"base-{start}", "t", sql, "append")
    table = lake.table("t")
    first, second = [task.file.file_path for task in reversed(list(table.scan().plan_files()))]
    if pq.read_table(lake.path(first))["id"][0].as_py() != 0:
        first, second = second, first
    delete_positions(table, {first: [3, 4], second: [5]})
    return lake


LEFT = [n for n in range(20) if n not in (3, 4, 15)]


def ids(rows: list[tuple[Any, ...]]) -> list[int]:
    return sorted(row[0] for row in rows)


@pytest.mark.requirement("FR-022")
def test_rows_deleted_by_position_stay_deleted(deleted: Lake) -> None:
    assert ids(deleted.plain_rows("t")) == LEFT
    assert ids(deleted.rows("t")) == LEFT
    assert deleted.manager.tables()[0].rows == 17


@pytest.mark.requirement("FR-022", "FR-025")
def test_rows_deleted_by_position_stay_deleted_under_every_write(deleted: Lake) -> None:
    with deleted.manager.run(identity("merge")) as run:
        deleted.write(run, "t", "from (values (2, '2'), (30, '30')) t(id, v)", "merge", unique_key=["id"])
        deleted.write(run, "t", "select 31 as id, '31' as v", "append")
        assert ids(deleted.rows("t", run)) == [*LEFT, 30, 31]
        run.publish()
    assert ids(deleted.plain_rows("t")) == [*LEFT, 30, 31]
    deleted.publish("rewrite", "t", "select 40 as id, 4 as v", "append", on_schema_change="sync_all_columns")
    assert ids(deleted.plain_rows("t")) == [*LEFT, 30, 31, 40]
    summary = deleted.table("t").current_snapshot().summary  # type: ignore[union-attr]
    assert summary is not None
    assert {
        key: summary[key] for key in ("total-records", "total-delete-files", "total-position-deletes")
    } == {
        "total-records": "20",
        "total-delete-files": "0",
        "total-position-deletes": "0",
    }


@pytest.mark.requirement("FR-090")
def test_a_table_others_evolved_reads_as_plain_pyiceberg_reads_it(lake: Lake) -> None:
    lake.publish("r1", "t", "select range as id, 'v' || range as v, 1.5::float as f from range(2)")
    with lake.table("t").update_schema() as update:
        update.rename_column("v", "name")
        update.add_column("extra", StringType())
        update.update_column(
            "f", field_type=__import__("pyiceberg.types", fromlist=["DoubleType"]).DoubleType()
        )
        update.move_first("f")
    assert lake.plain_rows("t") == [(1.5, 0, "v0", None), (1.5, 1, "v1", None)]
    assert lake.rows("t") == lake.plain_rows("t")
    lake.publish("r2", "t", "select 2.5::double as f, 2 as id, 'x' as name, 'y' as extra", "append")
    assert (
        lake.rows("t")
        == lake.plain_rows("t")
        == [(1.5, 0, "v0", None), (1.5, 1, "v1", None), (2.5, 2, "x", "y")]
    )


@pytest.mark.disk
@pytest.mark.requirement("FR-022")
def test_a_file_without_field_ids_is_refused_rather_than_read_as_nulls(lake: Lake) -> None:
    catalog = lake.plain()
    catalog.create_namespace("shop")
    table = catalog.create_table(lake.id("theirs"), Schema(NestedField(1, "id", LongType())))
    added = lake.home / "added.parquet"
    pq.write_table(pa.table({"id": pa.array([1], pa.int64())}), added)
    table.add_files([f"file://{added}"])
    with pytest.raises(WorkError, match="it carries no field ids"):
        lake.rows("theirs")
    lake.publish("r1", "theirs", "select 2::bigint as id")
    assert lake.rows("theirs") == [(2,)]


@pytest.mark.requirement("FR-022")
def test_tables_lists_what_is_published_with_its_rows_and_its_time(lake: Lake) -> None:
    started = datetime.now(UTC)
    with lake.manager.run(identity("r1")) as run:
        for name, rows in (("b", 3), ("a", 0)):
            lake.write(run, name, f"select range as id from range({rows})", properties={"layer": "gold"})
        run.publish()
        lake.namespace = "other"
        lake.write(run, "hidden", "select 1 as id")
    lake.namespace = "another"
    lake.publish("r2", "c", "select 1 as id")

    tables = lake.manager.tables()
    assert [(t.namespace, t.name, t.rows) for t in tables] == [
        ("another", "c", 1),
        ("shop", "a", 0),
        ("shop", "b", 3),
    ]
    assert tables[1].properties == {"layer": "gold", "read.parquet.vectorization.enabled": "false"}
    assert tables[1].snapshot_id == lake.plain().load_table(("shop", "a")).metadata.current_snapshot_id
    assert started - timedelta(seconds=1) < tables[1].committed_at < datetime.now(UTC)
    assert [t.name for t in lake.manager.tables(["another", "nowhere"])] == ["c"]
    assert lake.manager.namespaces() == ["another", "other", "shop"]
    assert lake.manager.table_names("nowhere") == []


@pytest.mark.requirement("FR-028")
def test_a_snapshot_is_published_once_main_has_come_to_it_or_past_it(lake: Lake) -> None:
    with lake.manager.run(identity("r1")) as run:
        lake.write(run, "t", "select 1 as id")
        snapshot = run.written["model.shop.t"].snapshot_id
        assert lake.manager.is_published("shop", "t", snapshot) is False
        run.publish()
    assert lake.manager.is_published("shop", "t", snapshot) is True
    lake.publish("r2", "t", "select 2 as id")
    assert lake.manager.is_published("shop", "t", snapshot) is True
    assert lake.manager.is_published("shop", "t", snapshot + 1) is False
    assert lake.manager.is_published("shop", "nothing", snapshot) is False


@pytest.mark.embedded
@pytest.mark.requirement("FR-022")
def test_a_run_asks_the_catalog_for_a_table_once(lake: Lake) -> None:
    lake.publish("r1", "t", "select 1 as id")
    opened: list[str] = []

    def note(_con: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("SELECT") and "metadata_location" in statement and "LIMIT" not in statement:
            opened.append(statement)

    with lake.manager.run(identity("r2")) as run:
        assert lake.manager.columns(lake.id("t"), run=run) == [("id", "INTEGER")]
        event.listen(lake.engine, "before_cursor_execute", note)
        for _ in range(3):
            assert lake.rows("t", run) == [(1,)]
        lake.write(run, "t", "select 2 as id", "append")
        assert lake.rows("t", run) == [(1,), (2,)]
    assert opened == []


@pytest.mark.embedded
@pytest.mark.requirement("FR-027", "FR-032")
@pytest.mark.parametrize("work", ["merge", "delete", "compact"])
def test_a_data_file_that_cannot_be_read_is_told_with_its_path(lake: Lake, work: str) -> None:
    for number in range(2):
        lake.publish(f"r{number}", "t", f"select {number} as id", "append")
    gone = lake.path(next(iter(lake.table("t").scan().plan_files())).file.file_path)
    gone.unlink()
    door, name, by = lake.manager, lake.id("t"), identity("r9")
    rows = "select 0 as id union select 1"
    doing: dict[str, Callable[[], object]] = {
        "merge": lambda: door.merge(lake.con, name, rows, unique_key=["id"], by=by),
        "delete": lambda: door.delete(lake.con, name, "id % 3 = 1 or id = 0", by=by),
        "compact": lambda: door.compact(name, by=by),
    }
    with pytest.raises(WorkError) as told:
        doing[work]()
    [problem] = told.value.problems
    assert problem.code == "FLOE-E613"
    assert problem.message.startswith(f"cannot read '{gone}': ")
    assert "limit of open files" in str(problem.hint)
    with pytest.raises(duckdb.IOException, match=r"/elsewhere/x\.parquet"):
        door.append(lake.con, name, "from '/elsewhere/x.parquet'", by=by)
