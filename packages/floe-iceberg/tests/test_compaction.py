"""Many small files become few, and no row changes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import IntegerType, NestedField

from floe_core.lake import MaintenancePolicy
from testing.foreign import delete_positions
from testing.lake import Lake, identity

POLICY = MaintenancePolicy()


def compact(lake: Lake, policy: MaintenancePolicy = POLICY) -> int:
    """Maintain; how many files of the table were compacted."""
    (report,) = lake.manager.maintain(
        [lake.namespace],
        policy,
        identity=identity("compaction"),
        living={},
        now=datetime.now(UTC),
        dry_run=False,
    )
    return report.files_compacted


def files(lake: Lake) -> list[str]:
    return sorted(task.file.file_path for task in lake.table("t").scan().plan_files())


def append(lake: Lake, count: int) -> None:
    for number in range(count):
        lake.publish(f"r{number}", "t", f"select range + {number * 10} as id from range(10)", "append")


@pytest.mark.requirement("FR-032")
def test_small_files_become_one_with_the_same_rows(lake: Lake) -> None:
    append(lake, 6)
    before = lake.plain_rows("t")
    assert compact(lake) == 6
    assert len(files(lake)) == 1
    assert lake.plain_rows("t") == before
    snapshot = lake.table("t").current_snapshot()
    assert snapshot is not None
    assert snapshot.summary is not None
    assert snapshot.summary["total-records"] == "60"
    assert snapshot.summary["total-data-files"] == "1"
    assert snapshot.summary["floe.model"] == "floe.compaction"
    assert len(snapshot.manifests(lake.table("t").io)) == 2  # the files added, and those taken away
    assert compact(lake) == 0


@pytest.mark.requirement("FR-032")
def test_few_small_files_and_large_ones_are_left_as_they_are(lake: Lake) -> None:
    append(lake, 4)
    before = files(lake)
    assert compact(lake) == 0
    assert compact(lake, MaintenancePolicy(min_small_files=2, target_file_bytes=100)) == 0
    assert files(lake) == before
    assert compact(lake, MaintenancePolicy(min_small_files=4)) == 4


@pytest.mark.requirement("FR-032", "FR-090")
def test_files_of_older_schemas_are_rewritten_as_they_read_now(lake: Lake) -> None:
    append(lake, 3)
    sql = "select 100::bigint as id, 'new' as v"
    for number in range(3):
        lake.publish(f"n{number}", "t", sql, "append", on_schema_change="sync_all_columns")
    before = lake.plain_rows("t")
    assert compact(lake) >= 5
    assert lake.plain_rows("t") == before
    assert lake.rows("t") == before


@pytest.mark.requirement("FR-032")
def test_rows_deleted_by_position_are_gone_for_good(lake: Lake) -> None:
    append(lake, 5)
    delete_positions(lake.table("t"), {files(lake)[0]: [1, 2]})
    before = lake.plain_rows("t")
    assert len(before) == 48
    assert compact(lake) == 5
    assert lake.plain_rows("t") == before
    assert lake.manager.tables()[0].rows == 48
    table = lake.table("t")
    assert [task.delete_files for task in table.scan().plan_files()] == [set()]


@pytest.mark.requirement("FR-032")
def test_files_that_others_partitioned_stay_apart(lake: Lake) -> None:
    schema = Schema(NestedField(1, "id", IntegerType()))
    spec = PartitionSpec(PartitionField(1, 1000, IdentityTransform(), "id"))
    lake.plain().create_namespace("shop")
    table = lake.plain().create_table(lake.id("t"), schema, partition_spec=spec)
    rows = lake.con.execute("select range::int as id from range(6)").to_arrow_table()
    table.append(rows)
    before = files(lake)
    assert len(before) == 6
    assert compact(lake) == 0
    assert files(lake) == before
