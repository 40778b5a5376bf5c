"""Line items of TPC-H, 12 million of them, and a delivery of some that changed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import duckdb

from benchmarks.measuring import BIN

_GENERATOR = "tpchgen-cli==4.0.0"
_SCALE = "2"
KEY = ("l_orderkey", "l_linenumber")


def generate(folder: Path) -> tuple[Path, Path]:
    """All line items, and 110,000 clustered ones of them with a new quantity."""
    program = (BIN / "uv", "tool", "run", "--quiet", "--from", _GENERATOR, "tpchgen-cli")
    subprocess.run([*program, "parquet", "-s", _SCALE, "-T", "lineitem", "--output-dir", folder], check=True)
    lineitem, delta = folder / "lineitem.parquet", folder / "delta.parquet"
    with duckdb.connect() as con:
        con.execute(
            f"copy (select * replace (l_quantity + 1 as l_quantity) from '{lineitem}' "
            f"where l_orderkey between 6000000 and 6110000) to '{delta}'"
        )
    return lineitem, delta
