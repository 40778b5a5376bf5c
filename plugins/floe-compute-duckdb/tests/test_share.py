"""What DuckDB may use of the machine, shared by engines that work at once; what it spills is cleared away."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from floe_compute_duckdb.share import Limits, Share, reader
from floe_core.events import ModelFinished, RunEvent
from floe_core.maintenance import maintain
from floe_iceberg import Seat
from testing.command_line import floe
from testing.polling import wait_for
from testing.shop import open_shop

SPILLING = """
import sys
from pathlib import Path
import duckdb
from floe_compute_duckdb.share import Limits, Share
con = duckdb.connect()
share = Share(con, Limits("64MB", 1), Path(sys.argv[1]))
con.execute("set enable_progress_bar = false")
sql = "select hash(i) h, repeat('x', 100) || i t from range(1500000) r(i) order by h"
rows = con.execute(sql).to_arrow_reader(10)
print("spilt", flush=True)
sys.stdin.read()
"""


def settings(connection: duckdb.DuckDBPyConnection) -> tuple[str, int]:
    sql = "select current_setting('memory_limit'), current_setting('threads')"
    [(memory, threads)] = connection.execute(sql).fetchall()
    return str(memory), int(threads)


@pytest.mark.requirement("FR-022", "FR-093")
def test_three_engines_on_two_cores_have_a_third_of_the_memory_and_a_core_each(tmp_path: Path) -> None:
    connections = [duckdb.connect() for _ in range(3)]
    shares = [Share(connection, Limits("4GB", 2), tmp_path) for connection in connections]

    def settled(*expected: tuple[str, int]) -> bool:
        for share in shares[: len(expected)]:
            share.settle()
        return tuple(map(settings, connections[: len(expected)])) == expected

    wait_for(lambda: settled(*[("1.2 GiB", 1)] * 3))
    shares[2].leave()
    wait_for(lambda: settled(*[("1.8 GiB", 1)] * 2))
    shares[1].leave()
    wait_for(lambda: settled(("3.7 GiB", 2)))
    shares[0].leave()

    assert list(tmp_path.iterdir()) == []
    for connection in connections:
        connection.close()


@pytest.mark.requirement("FR-022")
def test_what_a_killed_engine_spilled_is_cleared_away_by_the_next(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", SPILLING, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "spilt\n"
    spilled = sum(file.stat().st_size for file in tmp_path.rglob("*") if file.is_file())
    living = Seat(tmp_path)
    beside = living.taken()
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()

    assert (beside, living.taken()) == (2, 1)
    assert spilled > 1_000_000
    assert list(tmp_path.iterdir()) == [living.folder]
    living.leave()


@pytest.mark.requirement("FR-022")
def test_a_run_a_query_and_maintenance_spill_below_the_state_and_leave_nothing_there(tmp_path: Path) -> None:
    shop = open_shop(tmp_path)
    shop.write(
        "floe.yaml",
        "metadata: {name: corner-shop}\ncompute: {config: {memoryLimit: 1GB, cores: 1}}\n",
    )
    shop.write(
        "models/marts/limits.sql",
        "select current_setting('memory_limit') as memory, current_setting('threads')::int as cores,"
        " current_setting('temp_directory') as spilled_to",
    )
    tmp, seen = tmp_path / ".floe" / "tmp", []

    def look(event: RunEvent) -> None:
        if isinstance(event, ModelFinished):
            seen.append(len(list(tmp.glob("engine-*"))))

    result = shop.run(observe=look)

    assert (result.state, set(seen)) == ("succeeded", {1})
    [row] = shop.published()["limits"][1]
    assert (row["memory"], row["cores"]) == ("953.6 MiB", 1)
    assert Path(row["spilled_to"]).parent == tmp
    assert list(tmp.iterdir()) == []

    asked = floe(
        *("query", "select current_setting('temp_directory') as t, current_setting('threads') as n"),
        *("--product", str(shop.home), "--output", "json"),
    )
    [[spilled_to, cores]] = asked.document["rows"]
    assert (Path(spilled_to).parent, cores) == (tmp, 1)
    assert list(tmp.iterdir()) == []

    tmp.rmdir()
    maintain(*shop.compile())
    assert list(tmp.iterdir()) == []


@pytest.mark.requirement("FR-022")
def test_a_reader_spills_with_every_file_but_its_tables_out_of_reach(tmp_path: Path) -> None:
    with reader(Limits("64MB", 1), tmp_path / "tmp") as connection:
        connection.execute("set enable_external_access = false")
        connection.execute("set lock_configuration = true")
        sql = "select hash(i) h, repeat('x', 100) || i t from range(700000) r(i) order by h"
        rows = connection.execute(sql).to_arrow_reader(10)
        spilled = sum(file.stat().st_size for file in tmp_path.rglob("*") if file.is_file())
        del rows

    assert spilled > 1_000_000
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.requirement("FR-022")
def test_a_reader_reads_where_nothing_can_be_written(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")

    with reader(Limits("64MB", 1), blocked / "tmp") as connection:
        assert connection.execute("select 1").fetchall() == [(1,)]
