"""Many threads and processes at one catalog, and disks that fail."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pytest

from floe_core.errors import ConflictError, WorkError
from floe_iceberg import IcebergTableManager, RunTransaction
from testing.lake import Lake, identity
from testing.sources import ROOT

THREADS = 8


@pytest.mark.requirement("FR-020", "FR-022")
def test_threads_write_their_tables_in_one_run_without_a_locked_database(lake: Lake) -> None:
    def write(number: int) -> int:
        con = lake.con.cursor()
        for turn in range(3):
            sql = f"select {turn} as turn, {number} as number"
            written = run.write(con, lake.id(f"t{number}"), sql, model=f"m{number}", mode="append")
        return written.rows

    with lake.manager.run(identity("r1")) as run, ThreadPoolExecutor(THREADS) as pool:
        assert list(pool.map(write, range(THREADS))) == [3] * THREADS
        run.publish()
    assert [(table.name, table.rows) for table in lake.manager.tables()] == [
        (f"t{number}", 3) for number in range(THREADS)
    ]


@pytest.mark.requirement("FR-022")
def test_threads_that_write_one_table_lose_no_row(lake: Lake) -> None:
    def append(number: int) -> None:
        con = lake.con.cursor()
        run.write(con, lake.id("t"), f"select {number} as id", model=f"m{number}", mode="append")

    with lake.manager.run(identity("r1")) as run, ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(append, range(THREADS)))
        run.publish()
    assert lake.plain_rows("t") == [(number,) for number in range(THREADS)]


@pytest.mark.requirement("FR-022")
def test_of_two_runs_on_one_table_one_is_published_and_the_other_is_told(lake: Lake) -> None:
    lake.publish("base", "t", "select 0 as id")
    started = threading.Barrier(2)
    outcomes: list[str] = []

    def work(run_id: str) -> None:
        manager, con = lake.another_manager(), lake.con.cursor()
        # two processes in one: the process-wide context is for one run, so it is not entered here
        run = RunTransaction(manager, identity(run_id))
        assert manager.scan_sql(lake.id("t"), run=run) is not None
        started.wait(timeout=120)
        try:
            sql = f"select 1 as id, '{run_id}' as column_{run_id}"
            run.write(con, lake.id("t"), sql, model="m", mode="append", on_schema_change="append_new_columns")
            run.publish()
            outcomes.append("published")
        except ConflictError as error:
            outcomes.append(error.problems[0].code)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, ["a", "b"]))
    assert sorted(outcomes) in (["FLOE-E530", "FLOE-E530"], ["FLOE-E530", "published"])
    assert len(lake.rows("t")) == 1 + outcomes.count("published")
    schemas = [schema.schema_id for schema in lake.table("t").metadata.schemas]
    assert len(schemas) == len(set(schemas))


@pytest.mark.requirement("FR-022")
def test_a_failed_query_reaches_the_caller_as_duckdb_raised_it_and_leaves_no_file(lake: Lake) -> None:
    lake.publish("base", "t", "select 1 as id, 'x' as v")
    before = lake.seen("t")
    files = set(lake.home.rglob("*.parquet"))
    with lake.manager.run(identity("r1")) as run:
        for mode in ("overwrite", "append", "merge"):
            sql = "select 1 as id, ('n' || range)::int::varchar as v from range(3)"
            with pytest.raises(duckdb.ConversionException, match="Could not convert string 'n0' to INT32"):
                lake.write(run, "t", sql, mode, unique_key=["id"])
        with pytest.raises(duckdb.CatalogException, match="nowhere"):
            lake.write(run, "t", "select * from nowhere")
        with pytest.raises(duckdb.IOException, match="missing"):
            lake.write(
                run, "t", "select * from read_csv('/missing.csv', columns={'a': 'int'}, auto_detect=false)"
            )
        assert run.written == {}
        run.publish()
    assert lake.seen("t") == before
    assert set(lake.home.rglob("*.parquet")) == files


_SMALL_DISK = """
import resource, signal, sys
import duckdb
from floe_core.errors import WorkError
from testing.lake import Lake, identity
from pathlib import Path

lake = Lake(Path(sys.argv[1]))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
with lake.manager.run(identity("full")) as run:
    try:
        lake.write(run, "t", "select md5(range::varchar) as v from range(100000)")
    except WorkError as error:
        print(error.problems[0].code, error.problems[0].message)
"""


@pytest.mark.embedded
@pytest.mark.requirement("FR-027")
def test_a_disk_that_takes_no_more_is_told_with_its_place_and_loses_nothing(lake: Lake) -> None:
    lake.publish("base", "t", "select 'old' as v")
    files = set(lake.home.rglob("*.parquet"))
    done = subprocess.run(
        [sys.executable, "-c", _SMALL_DISK, str(lake.home), "100000"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
    )
    data = re.escape(f"{lake.home}/warehouse/shop/t/data/")
    assert re.match(
        rf"FLOE-E510 cannot write below '{data}\w+' \([\d.]+ \w+ free\): IO Error: Could not write",
        done.stdout,
    )
    assert lake.plain_rows("t") == [("old",)]
    assert set(lake.home.rglob("*.parquet")) == files


@pytest.mark.disk
@pytest.mark.requirement("FR-027")
def test_a_table_folder_that_cannot_be_made_is_told_with_its_place(lake: Lake) -> None:
    lake.publish("base", "t", "select 1 as id")
    (lake.home / "warehouse" / "shop" / "new").write_text("in the way")
    with pytest.raises(WorkError, match=re.escape("warehouse/shop/new/data/")):
        lake.publish("r1", "new", "select 1 as id")
    assert [table.name for table in lake.manager.tables()] == ["t"]


@pytest.mark.requirement("FR-022")
@pytest.mark.parametrize("folder", ["c#", "what?"])
def test_a_folder_no_iceberg_location_can_name_is_refused(tmp_path: Path, folder: str) -> None:
    home = tmp_path / folder
    properties = {"uri": f"sqlite:///{tmp_path}/catalog.db", "warehouse": f"file://{home}/warehouse"}
    with pytest.raises(WorkError, match=f"the name has a '{re.escape(folder[-1])}' in it"):
        IcebergTableManager.open("floe", properties)


@pytest.mark.requirement("FR-022")
def test_a_new_catalog_may_be_opened_by_many_at_once(tmp_path: Path) -> None:
    properties = {"uri": f"sqlite:///{tmp_path}/catalog.db", "warehouse": f"file://{tmp_path}/warehouse"}

    def opened(number: int) -> list[str]:
        manager = IcebergTableManager.open("floe", properties)
        manager.create_namespace("shop")
        manager.create_namespace(f"n{number}")
        names = manager.namespaces()
        manager.close()
        return names

    with ThreadPoolExecutor(THREADS) as pool:
        seen = list(pool.map(opened, range(THREADS)))
    assert {"shop", *(f"n{number}" for number in range(THREADS))} == set().union(*seen)
