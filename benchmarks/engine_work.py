"""One piece of work for the figures of the table engine, in a process of its own: prints what it cost.

``python -m benchmarks.engine_work WORK FOLDER [CPU_S]``, where FOLDER has the line items; PyIceberg's upsert
is given up after so many CPU seconds.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb

from benchmarks.tpch import KEY
from floe_core.lake import MaintenancePolicy, RunIdentity
from floe_iceberg import IcebergTableManager, RunTransaction, TableId

FOLDER = Path(sys.argv[2])
LINEITEM, DELTA = FOLDER / "lineitem.parquet", FOLDER / "delta.parquet"
TABLE = TableId("bench", "lineitem")
NATIVE = FOLDER / "native.duckdb"
REPEATED = 5
UPSERT_CPU_S = int(sys.argv[3]) if len(sys.argv) > 3 else 120
_HUNDREDTH = "l_orderkey between 5_940_000 and 6_060_000"  # of more PyIceberg's upsert ends the process
_DELIVERY = f"select * from '{DELTA}' where l_orderkey < 6_001_100"

Figures = dict[str, float]


def by() -> RunIdentity:
    return RunIdentity(str(uuid4()), 1, "bench", "dev", "d1ce57", "7ace")


def lake(name: str = "lake") -> IcebergTableManager:
    home = FOLDER / name
    home.mkdir(exist_ok=True)
    properties = {"uri": f"sqlite:///{home}/catalog.db", "warehouse": f"file://{home}/warehouse"}
    return IcebergTableManager.open("floe", properties)


def quiet(path: str = ":memory:") -> duckdb.DuckDBPyConnection:
    con = duckdb.connect(path)
    con.execute("set enable_progress_bar = false")
    return con


@contextmanager
def timed(into: list[tuple[float, float]]) -> Iterator[None]:
    cpu, clock = time.process_time(), time.monotonic()
    yield
    into.append((time.process_time() - cpu, time.monotonic() - clock))


def repeated(work: Callable[[], object], times: int = REPEATED) -> tuple[float, float]:
    """The least CPU and clock of several: other work on the machine only ever adds to them."""
    taken: list[tuple[float, float]] = []
    for _ in range(times):
        with timed(taken):
            work()
    return min(cpu for cpu, _ in taken), min(clock for _, clock in taken)


def ctas() -> Figures:
    NATIVE.unlink(missing_ok=True)
    taken: list[tuple[float, float]] = []
    with timed(taken), quiet(str(NATIVE)) as con:
        con.execute(f"create table lineitem as select * from '{LINEITEM}'")
    return {"cpu": taken[0][0]}


def write() -> Figures:
    door, con = lake(), quiet()
    taken: list[tuple[float, float]] = []
    with timed(taken):
        door.overwrite(con, TABLE, f"select * from '{LINEITEM}'", by=by())
    return {"cpu": taken[0][0]}


def write_keyed() -> Figures:
    """As an incremental model's first run writes it."""
    door, con = lake("keyed"), quiet()
    taken: list[tuple[float, float]] = []
    with timed(taken):
        door.merge(con, TABLE, f"select * from '{LINEITEM}'", unique_key=KEY, by=by())
    return {"cpu": taken[0][0], "files": door.describe(TABLE).files}


def merge() -> Figures:
    door, con = lake("keyed"), quiet()
    cpu, clock = repeated(lambda: door.merge(con, TABLE, f"select * from '{DELTA}'", unique_key=KEY, by=by()))
    return {"cpu": cpu, "clock": clock}


def merge_native() -> Figures:
    """dbt-duckdb's incremental model, its node alone: what dbt itself costs is not in it."""
    from dbt.cli.main import dbtRunner

    project = FOLDER / "dbt"
    (project / "models").mkdir(parents=True, exist_ok=True)
    (project / "dbt_project.yml").write_text('name: p\nversion: "1.0"\nconfig-version: 2\nprofile: p\n')
    output = f"{{type: duckdb, path: {NATIVE}, threads: 1}}"
    (project / "profiles.yml").write_text(f"p: {{target: dev, outputs: {{dev: {output}}}}}\n")
    config = f"materialized='incremental', incremental_strategy='merge', unique_key={list(KEY)}"
    model = f"{{{{ config({config}) }}}}\nselect * from '{DELTA}'\n"
    (project / "models" / "lineitem.sql").write_text(model)
    began: list[float] = []
    taken: list[float] = []

    def note(event: Any) -> None:
        if event.info.name == "NodeStart":
            began.append(time.process_time())
        elif event.info.name == "NodeFinished":
            taken.append(time.process_time() - began[-1])

    runner = dbtRunner(callbacks=[note])
    for _ in range(REPEATED):
        done = runner.invoke(
            ["--quiet", "run", "--project-dir", str(project), "--profiles-dir", str(project)]
        )
        assert done.success, done.exception
    return {"cpu": min(taken)}


def hundredth() -> Figures:
    """Merges into a hundredth of both: what PyIceberg's is measured against."""
    door, con = lake("hundredth"), quiet()
    door.merge(con, TABLE, f"select * from '{LINEITEM}' where {_HUNDREDTH}", unique_key=KEY, by=by())
    cpu, _ = repeated(lambda: door.merge(con, TABLE, _DELIVERY, unique_key=KEY, by=by()))
    return {"cpu": cpu}


def upsert() -> Figures:
    """PyIceberg's own, into the same; given up at the limit."""
    from pyiceberg.catalog import load_catalog

    door, con = lake("theirs"), quiet()
    door.overwrite(con, TABLE, f"select * from '{LINEITEM}' where {_HUNDREDTH}", by=by())
    table = load_catalog("floe", **door.properties).load_table(tuple(TABLE))
    rows = con.execute(_DELIVERY).to_arrow_table()
    rows = rows.cast(_like(rows, table))
    signal.signal(signal.SIGXCPU, _give_up)
    began = time.process_time()
    resource.setrlimit(resource.RLIMIT_CPU, (int(began) + UPSERT_CPU_S, resource.RLIM_INFINITY))
    try:
        table.upsert(rows, join_cols=list(KEY))
    except _GivenUp:
        return {"cpu": time.process_time() - began, "finished": 0}
    return {"cpu": time.process_time() - began, "finished": 1}


class _GivenUp(Exception):
    pass


def _give_up(_signal: int, _frame: object) -> None:
    raise _GivenUp


def _like(rows: Any, table: Any) -> Any:
    import pyarrow as pa

    wanted = table.schema().as_arrow()
    return pa.schema([wanted.field(name).remove_metadata() for name in rows.schema.names])


_AGGREGATE = """
select l_returnflag, l_linestatus, sum(l_quantity), sum(l_extendedprice),
    sum(l_extendedprice * (1 - l_discount)), sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)),
    avg(l_quantity), avg(l_extendedprice), avg(l_discount), count(*)
from lineitem where l_shipdate <= date '1998-09-02' group by all order by all
"""


def reads() -> Figures:
    """Both by turns, so that whatever else the machine does is done to both."""
    con = quiet(str(NATIVE))
    con.execute(f"create or replace temp view ours as {lake().scan_sql(TABLE)}")
    found = con.execute(
        f"select distinct l_orderkey from '{LINEITEM}' where l_orderkey % 3001 = 1 order by all limit 1000"
    ).fetchall()
    keys = ", ".join(str(key) for (key,) in found)
    statements = {
        "aggregate": _AGGREGATE,
        "projection": "select l_orderkey, l_quantity from lineitem",
        "keys": f"select * from lineitem where l_orderkey in ({keys})",
    }
    figures: Figures = {}
    for name, sql in statements.items():
        taken: dict[str, list[tuple[float, float]]] = {"lineitem": [], "ours": []}
        for _ in range(2 * REPEATED):
            for table, into in taken.items():
                with timed(into):
                    con.execute(sql.replace("from lineitem", f"from {table}")).to_arrow_table()
        figures[name] = min(cpu for cpu, _ in taken["ours"])
        figures[f"{name}_native"] = min(cpu for cpu, _ in taken["lineitem"])
    return figures


def opening() -> Figures:
    door = lake()
    cpu, clock = repeated(lambda: door.scan_sql(TABLE))
    return {"cpu": cpu, "clock": clock}


def publishing() -> Figures:
    door, con = lake("ten"), quiet()
    names = [TableId("bench", f"t{number}") for number in range(10)]
    for name in names:
        door.overwrite(con, name, "select 0 as k", by=by())
    published: list[tuple[float, float]] = []
    rolled: list[tuple[float, float]] = []
    one: list[tuple[float, float]] = []
    for turn in range(REPEATED):
        before = datetime.now(UTC)
        run = RunTransaction(door, by())
        for name in names:
            run.write(con, name, f"select {turn} as k", model="m", mode="overwrite")
        with timed(published):
            run.publish()
        with timed(rolled):
            door.roll_back(names, before, by=by())
        with timed(one):
            door.roll_back(names[:1], before, by=by())
    return {
        "publish": min(cpu for cpu, _ in published),
        "roll_back": min(cpu for cpu, _ in one),
        "roll_back_ten": min(cpu for cpu, _ in rolled),
    }


def small_runs() -> Figures:
    """200 merges of a few rows, maintained after each as a run is, twelve hours later each time."""
    door, con = lake("small"), quiet()
    table = TableId("bench", "small")
    now = datetime.now(UTC)
    commits: list[tuple[float, float]] = []
    door.overwrite(con, table, "select range as k, md5(range::varchar) as v from range(50_000)", by=by())
    for turn in range(200):
        sql = (
            f"select ({turn} * 37 + range) % 60_000 as k, md5((range * {turn})::varchar) as v from range(50)"
        )
        with timed(commits):
            door.merge(con, table, sql, unique_key=["k"], by=by())
        now += timedelta(hours=12)
        door.maintain(["bench"], MaintenancePolicy(), identity=by(), living={}, now=now, dry_run=False)
    described = door.describe(table)
    stored = sum(
        path.stat().st_size for path in (FOLDER / "small" / "warehouse").rglob("*") if path.is_file()
    )
    return {
        "ratio": stored / described.bytes,
        "snapshots": len(described.snapshots),
        "first": statistics.median(cpu for cpu, _ in commits[:40]),
        "second": statistics.median(cpu for cpu, _ in commits[40:80]),
        "last": statistics.median(cpu for cpu, _ in commits[-40:]),
    }


def durability() -> Figures:
    """What fsync adds to a commit: by turns as it is, and with files left to the system's own leisure."""
    door, con, table = lake("durable"), quiet(), TableId("bench", "t")
    writes: dict[bool, list[tuple[float, float]]] = {True: [], False: []}
    publishes: dict[bool, list[tuple[float, float]]] = {True: [], False: []}
    really = os.fsync
    for turn in range(80):
        durable, run = turn % 2 == 0, RunTransaction(door, by())
        run.view(table)
        os.fsync = really if durable else _not_at_all  # type: ignore[assignment]
        with timed(writes[durable]):
            run.write(con, table, f"select {turn} as k", model="m", mode="overwrite")
        with timed(publishes[durable]):
            run.publish()
    os.fsync = really
    return {
        f"{name}_{'with' if durable else 'without'}": statistics.median(clock for _, clock in taken[durable])
        for name, taken in (("write", writes), ("publish", publishes))
        for durable in (True, False)
    }


def _not_at_all(_: object) -> None:
    """What the naive way does to make files durable."""


WORK: dict[str, Callable[[], Figures]] = {
    work.__name__: work
    for work in (
        *(ctas, write, write_keyed, merge, merge_native, hundredth, upsert, reads),
        *(opening, publishing, small_runs, durability),
    )
}

if __name__ == "__main__":
    figures = WORK[sys.argv[1]]()
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({**figures, "memory_mib": usage.ru_maxrss / 1024}))
