"""The runs that published a table, in their order, also those whose snapshots maintenance has expired."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from pyiceberg.table import Table

from floe_iceberg.catalog import TableCatalog, TableChange


def published(table: Table) -> list[str]:
    """The runs that main is of and was of, as far back as the table itself tells."""
    runs = []
    for entry in table.history():
        snapshot = table.snapshot_by_id(entry.snapshot_id)
        assert snapshot is not None
        assert snapshot.summary is not None
        runs.append(str(snapshot.summary["floe.run-id"]))
    return runs


def keep(catalog: TableCatalog, folder: Path) -> None:
    """Let the catalog note the history of every table it is to change, just before the commit.

    That lands on no other state of the table, so that whatever it expires was noted.
    """
    commit = catalog.commit

    def noted(changes: Sequence[TableChange]) -> list[Table]:
        for change in changes:
            _note(folder, change.name.name, published(change.table))
        return commit(changes)

    catalog.commit = noted  # type: ignore[method-assign]


def pieces(folder: Path, name: str) -> list[list[str]]:
    """The histories of the table that were noted, the oldest first."""
    file = _file(folder, name)
    whole, _, _ = file.read_text().rpartition("\n") if file.exists() else ("", "", "")
    return [json.loads(line) for line in whole.splitlines()]


def joined(histories: Iterable[Sequence[str]]) -> list[str]:
    """One history; ValueError when one does not go on from the earlier ones, or tells otherwise."""
    known: list[str] = []
    for history in histories:
        if known and history[0] not in known:
            raise ValueError(f"nobody knows what was between '{known[-1]}' and '{history[0]}'")
        both = known[known.index(history[0]) :] if known else []
        if both[: len(history)] != list(history[: len(both)]):
            raise ValueError(f"'{both}' was, and then '{history}'")
        known += history[len(both) :]
    return known


def _note(folder: Path, name: str, runs: Sequence[str]) -> None:
    descriptor = os.open(_file(folder, name), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        os.write(descriptor, f"{json.dumps(runs)}\n".encode())
    finally:
        os.close(descriptor)


def _file(folder: Path, name: str) -> Path:
    return folder / f"{name}.history"
