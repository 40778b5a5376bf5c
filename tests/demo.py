"""The demo platform in a folder of its own: run by floe, read by plain PyIceberg."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from click.testing import CliRunner
from pyiceberg.catalog.sql import SqlCatalog

from floe_core.cli.program import program

DEMO = Path(__file__).parents[1] / "demo"
_MADE = shutil.ignore_patterns("target", "logs", ".floe", "__pycache__")

Rows = list[dict[str, Any]]


def floe(*arguments: str, status: int = 0) -> dict[str, Any]:
    """Call the command line in this process and return the JSON it prints."""
    done = CliRunner().invoke(program, [*arguments, "--output", "json"])
    assert done.exit_code == status, done.output
    document: dict[str, Any] = json.loads(done.stdout)
    return document


@dataclass(frozen=True)
class Demo:
    """``folder`` is the platform's; its products lie in it."""

    folder: Path

    @classmethod
    def copied_to(cls, folder: Path) -> Demo:
        return cls(Path(shutil.copytree(DEMO, folder, ignore=_MADE)))

    def product(self, name: str) -> Path:
        return self.folder / name

    def run(self, product: str, *arguments: str, status: int = 0) -> dict[str, Any]:
        return floe("run", str(self.product(product)), *arguments, status=status)

    def rows(self, product: str, table: str) -> Rows:
        """The published rows, read by somebody who has never heard of floe."""
        rows: Rows = self.arrow(product, table).to_pylist()
        return rows

    def arrow(self, product: str, table: str) -> pa.Table:
        """The same, for tables of many rows."""
        catalog = SqlCatalog("floe", uri=f"sqlite:///{self.folder}/.floe/catalog.db")
        try:
            return catalog.load_table(f"{product}.{table}").scan().to_arrow()
        finally:
            catalog.close()


@dataclass(frozen=True)
class FinishedRun:
    """A run of one product in a demo that nobody changes any more."""

    demo: Demo
    product: str
    document: dict[str, Any]

    def rows(self, table: str) -> Rows:
        return self.demo.rows(self.product, table)


def write_csv(path: Path, rows: Sequence[Mapping[str, str]]) -> None:
    """Write a seed as the source system would export it; the first row tells the columns."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
