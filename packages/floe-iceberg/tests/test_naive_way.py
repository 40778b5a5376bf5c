"""What PyIceberg by itself does where floe does otherwise: the proofs about floe must fail against this."""

from __future__ import annotations

import pyarrow as pa
import pytest
from pyiceberg.table import Table

from floe_core.errors import ConflictError
from testing.lake import Lake, identity

NEW = pa.table({"id": pa.array([7], pa.int32()), "v": pa.array(["new"], pa.string())})


def upserted(table: Table) -> None:
    table.upsert(NEW, join_cols=["id"])


@pytest.mark.requirement("FR-022", "FR-025")
def test_two_stale_upserts_of_pyiceberg_double_a_key_and_two_merges_of_floe_do_not(lake: Lake) -> None:
    lake.publish("base", "t", "select 1::int as id, 'old' as v")
    lake.publish("base-2", "merged", "select 1::int as id, 'old' as v")
    stale, other = lake.table("t"), lake.table("t")
    upserted(other)
    upserted(stale)
    assert lake.plain_rows("t") == [(1, "old"), (7, "new"), (7, "new")]

    merge = "select 7::int as id, 'new' as v"
    with lake.manager.run(identity("stale")) as run:
        assert lake.rows("merged", run) == [(1, "old")]
    lake.publish("other", "merged", merge, "merge", unique_key=["id"])
    with pytest.raises(ConflictError):
        run.write(lake.con, lake.id("merged"), merge, model="m", mode="merge", unique_key=["id"])
    assert lake.plain_rows("merged") == [(1, "old"), (7, "new")]


@pytest.mark.requirement("FR-032")
def test_expiry_by_pyiceberg_frees_no_file(lake: Lake) -> None:
    for number in range(3):
        lake.publish(f"r{number}", "t", f"select {number} as id")
    table = lake.table("t")
    files = set(lake.home.rglob("*.parquet"))
    old = [snapshot.snapshot_id for snapshot in table.metadata.snapshots][:-1]
    table.maintenance.expire_snapshots().by_ids(old).commit()
    assert len(lake.table("t").metadata.snapshots) == 1
    assert set(lake.home.rglob("*.parquet")) == files
    assert len(files) == 3
