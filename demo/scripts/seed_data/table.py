"""A seed: rows of text, written the same way everywhere."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Table:
    """One CSV file; ``_loaded_at`` is added as its last column, empty, for staging to fill."""

    name: str
    columns: str
    rows: Sequence[Sequence[str]]

    def write(self, folder: Path) -> Path:
        path = folder / f"{self.name}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow([*self.columns.split(", "), "_loaded_at"])
            writer.writerows([*row, ""] for row in self.rows)
        return path
