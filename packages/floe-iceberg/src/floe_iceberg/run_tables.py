"""The tables a run has looked at, each as it was at the first look."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pyiceberg.table import Table

from floe_iceberg.refs import head_of
from floe_iceberg.run_table import RunTable, writes_of
from floe_iceberg.table import TableId, TableView

if TYPE_CHECKING:
    from floe_iceberg.reader import TableReader

_LOOKS = 5  # a catalog whose tables move more often than this is read as it is


class RunTables:
    """With ``joins`` a table that has the branch is seen as that has it. Safe to use from several threads."""

    def __init__(self, manager: TableReader, branch: str, *, joins: bool) -> None:
        self._manager = manager
        self._branch = branch
        self._joins = joins
        self._entries: dict[TableId, RunTable] = {}
        self._lock = threading.Lock()

    def entry(self, name: TableId) -> RunTable:
        """What is known of the table, looked up at most once a run."""
        with self._lock:
            entry = self._entries.get(name)
        if entry is not None:
            return entry
        found = self._looked_up(name)
        with self._lock:
            return self._entries.setdefault(name, found)

    def pin(self, names: Sequence[TableId], at: Mapping[TableId, int]) -> dict[TableId, TableView | None]:
        """Look at all of them at one moment: what is the same at two looks was there together in between.

        Those that ``at`` names are seen as of its snapshots. Names are as SQL writes them, those that are
        returned as the catalog does.
        """
        names = self._spelled(names)
        for _ in range(_LOOKS):
            found = {name: self._looked_up(name) for name in names}
            again = (self._manager.catalog.load(name) for name in names)
            if all(_same(entry.table, table) for entry, table in zip(found.values(), again, strict=True)):
                break
        found |= {name: found[name].as_of(name, at[name]) for name in found.keys() & at.keys()}
        with self._lock:
            return {name: self._entries.setdefault(name, entry).view for name, entry in found.items()}

    def _spelled(self, names: Sequence[TableId]) -> list[TableId]:
        """The tables meant by names in any case, with '_' for what SQL does not take in a namespace."""
        wanted = {_plain(name) for name, _ in names}
        spaces = [each for each in self._manager.namespaces() if _plain(each) in wanted] if names else []
        there = set(self._manager.table_ids(spaces))
        meant = {(_plain(table.namespace), table.name.lower()): table for table in there}
        return [
            name if name in there else meant.get((_plain(name.namespace), name.name.lower()), name)
            for name in names
        ]

    def adopt(self, run_id: str, reuse: frozenset[str]) -> Mapping[str, tuple[TableId, TableView]]:
        """Take over the tables on the branch that only models to reuse wrote; what each of those wrote."""
        adopted = {}
        for name in self._manager.table_ids():
            table = self._manager.catalog.load(name)
            head = table.metadata.snapshot_by_name(self._branch) if table else None
            if table is None or head is None:
                continue
            writes = writes_of(run_id, table, head)
            if set(writes) <= reuse:
                self._entries[name] = RunTable.of_branch(table, head)
                for model, snapshot in writes.items():
                    adopted[model] = name, TableView(table, snapshot)
        return adopted

    def written(self) -> Mapping[TableId, RunTable]:
        """Those with writes that are not published, sorted."""
        with self._lock:
            return {name: entry for name, entry in sorted(self._entries.items()) if entry.written}

    def _looked_up(self, name: TableId) -> RunTable:
        table = self._manager.catalog.load(name)
        if table is None:
            return RunTable()
        head = head_of(name, table, self._branch) if self._joins else None
        return RunTable.of_branch(table, head) if head else RunTable.of_main(table)


def _plain(namespace: str) -> str:
    return re.sub(r"\W", "_", namespace).lower()


def _same(one: Table | None, other: Table | None) -> bool:
    return (one and one.metadata_location) == (other and other.metadata_location)
