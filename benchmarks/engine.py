"""The table engine beside DuckDB's own tables, dbt-duckdb and PyIceberg, on 12 million line items."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.table import Section
from benchmarks.tpch import generate

_WORK = (
    *("ctas", "write", "reads", "opening", "publishing", "durability"),
    *("write_keyed", "merge", "merge_native", "hundredth", "upsert", "small_runs"),
)

UPSERT_CPU_S = 120  # after which PyIceberg's is given up

Figures = dict[str, dict[str, float]]


def measure() -> Section:
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder))
        return _section({work: _done(work, folder) for work in _WORK})


def _done(work: str, folder: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.engine_work", work, folder, str(UPSERT_CPU_S)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    done = subprocess.run(command, capture_output=True, text=True, check=work != "upsert")
    if done.returncode:  # PyIceberg's may end its process
        return {"cpu": resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before, "finished": 0}
    figures: dict[str, float] = json.loads(done.stdout.strip().rpartition("\n")[-1])
    return figures


def _section(of: Figures) -> Section:
    reads, merge = of["reads"], of["merge"]["cpu"]
    small, durable = of["small_runs"], of["durability"]
    return Section(
        "The table engine",
        ("", "floe", "the peer", "figure", "aim"),
        [
            _ratio("write 12 M rows, CPU s; CTAS", of["write"]["cpu"], of["ctas"]["cpu"], "1.15x"),
            (
                "its memory, MiB",
                f"{of['write']['memory_mib']:.0f}",
                f"{of['ctas']['memory_mib']:.0f}",
                "",
                "800",
            ),
            _ratio("the same with a key to merge by", of["write_keyed"]["cpu"], of["ctas"]["cpu"], "-"),
            _ratio("merge 110 k clustered keys, CPU s; dbt-duckdb", merge, of["merge_native"]["cpu"], "1.5x"),
            _upsert(of["hundredth"]["cpu"], of["upsert"]),
            _ratio("aggregate, CPU s; native table", reads["aggregate"], reads["aggregate_native"], "1.3x"),
            _ratio("two columns; native table", reads["projection"], reads["projection_native"], "1.3x"),
            _more("1,000 keys; native table", reads["keys"], reads["keys_native"], "+0.1 s"),
            _alone("open a table, CPU s", of["opening"]["cpu"], "0.15"),
            _alone("publish 10 tables, CPU s", of["publishing"]["publish"], "0.5"),
            _alone("roll back a table, CPU s", of["publishing"]["roll_back"], "0.3"),
            _alone("roll back 10 tables, CPU s", of["publishing"]["roll_back_ten"], "-"),
            _alone("200 small runs: storage by live data", small["ratio"], "3"),
            _ratio("a commit of the last 40; of the first 40", small["last"], small["first"], "1x"),
            _ratio("the same; of the second 40", small["last"], small["second"], "1x"),
            _more("a commit of rows, s; not waiting for the disk", *_waits(durable, "write"), "+0.04 s"),
            _more("one that publishes; not waiting for the disk", *_waits(durable, "publish"), "+0.04 s"),
        ],
        "Each in a process of its own, the least of 5 where it is repeated; reads are warm. dbt-duckdb's\n"
        "merge is the model's node alone, without what dbt itself costs. PyIceberg's upsert is of a\n"
        "hundredth of the table and the keys (a tenth ends its process). A run of one table is two commits.",
    )


def _ratio(title: str, ours: float, peer: float, aim: str) -> Sequence[str]:
    return title, f"{ours:.2f}", f"{peer:.2f}", f"{ours / peer:.2f}x", aim


def _more(title: str, ours: float, peer: float, aim: str) -> Sequence[str]:
    return title, f"{ours:.2f}", f"{peer:.2f}", f"{ours - peer:+.2f} s", aim


def _upsert(ours: float, theirs: dict[str, float]) -> Sequence[str]:
    peer, told = f"{theirs['cpu']:.2f}", f"{ours / theirs['cpu']:.3f}x"
    if not theirs["finished"]:
        peer, told = f"more than {peer}", f"less than {told}"
    return "merge 1,100 keys of 120 k rows, CPU s; PyIceberg's upsert", f"{ours:.2f}", peer, told, "0.1x"


def _waits(durable: dict[str, float], of: str) -> tuple[float, float]:
    return durable[f"{of}_with"], durable[f"{of}_without"]


def _alone(title: str, ours: float, aim: str) -> Sequence[str]:
    return title, f"{ours:.2f}", "", f"{ours:.2f}", aim


if __name__ == "__main__":
    print(measure())
