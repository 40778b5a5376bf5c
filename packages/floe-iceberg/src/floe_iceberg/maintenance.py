"""Maintenance: old rows go, small files become larger, snapshots expire, files nobody needs are removed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

import duckdb
from pyiceberg.table import Table

from floe_core.errors import WorkError
from floe_core.lake import MaintenancePolicy, RunIdentity, TableMaintenance
from floe_iceberg import retention, scan
from floe_iceberg._snapshot_manager import Rules, Trimmed, expire_snapshots, is_given_up, trim
from floe_iceberg.changed import changed
from floe_iceberg.cleanup import Folder, Patience, clean, clear
from floe_iceberg.compaction import COMPACTION_MODEL, small_files
from floe_iceberg.durable import storing
from floe_iceberg.history import milliseconds
from floe_iceberg.own_folder import own_folder
from floe_iceberg.reachability import place_of
from floe_iceberg.run import RunTransaction
from floe_iceberg.table import TableId, TableView, is_unpublished
from floe_iceberg.unmade import unmade
from floe_iceberg.unreadable import reading_files
from floe_iceberg.workshop import workshop

if TYPE_CHECKING:
    from floe_iceberg.manager import IcebergTableManager

RETENTION_MODEL = "floe.retention"


@dataclass
class Maintenance:
    """One pass over tables; ``living`` are the runs that are going, with the times they began."""

    manager: IcebergTableManager
    policy: MaintenancePolicy
    living: Mapping[str, datetime]
    now: datetime
    dry_run: bool
    tmp: Path | None = None
    reports: dict[TableId, TableMaintenance] = field(default_factory=dict)

    def of(self, names: Sequence[TableId], identity: RunIdentity) -> list[TableMaintenance]:
        """Maintain the tables: what is to go is published first, so that it expires as anything else."""
        self.reports = {name: TableMaintenance(name.namespace, name.name) for name in names}
        loaded = {name: table for name in names if (table := self._load(name)) is not None}
        published = {name: table for name, table in loaded.items() if not is_unpublished(table)}
        if self.policy.retention:
            for name, table in published.items():
                retention.refuse_early_clock(name, table, self.now)
        with workshop(self.tmp) as con:
            self._rewrite(con, RunTransaction(self.manager, identity), published)
        self._in_their_folders(loaded, self._release)
        return [self.reports[name] for name in loaded]

    def remove_unreachable(self, names: Sequence[TableId]) -> list[TableMaintenance]:
        """Remove the files nothing leads to; every snapshot stays."""
        self.reports = {name: TableMaintenance(name.namespace, name.name) for name in names}
        self._in_their_folders(names, lambda name, _, folder: self._clean(name, folder, Trimmed()))
        return [self.reports[name] for name in names]

    def clear_unmade(self, namespaces: Sequence[str]) -> list[TableMaintenance]:
        """Remove what is left of tables that runs died making; what went is told by the folder's name."""
        tables = [place for place, _ in self._places()]
        reports = []
        for namespace in namespaces:
            home = self.manager.catalog.home(namespace)
            with storing(home.location if home else ""):
                found = unmade(home, tables, self._patience) if home else []
            for left in found:
                reports.append(
                    TableMaintenance(
                        namespace,
                        left.name,
                        dropped=True,
                        files_removed=len(left.files),
                        bytes_removed=sum(file.size for file in left.files),
                    )
                )
                if not self.dry_run:
                    clear(left.files, left.folder)
        return reports

    def _in_their_folders(
        self, names: Iterable[TableId], work: Callable[[TableId, Table, Folder | str], None]
    ) -> None:
        places = self._places()
        for name in names:
            table = self._load(name)
            if table is not None:
                others = [(place, str(owner)) for place, owner in places if owner != name]
                work(name, table, own_folder(table, others))

    def _rewrite(
        self, con: duckdb.DuckDBPyConnection, run: RunTransaction, tables: Mapping[TableId, Table]
    ) -> None:
        for name, table in tables.items():
            self._delete_old_rows(con, run, name, table)
        run.publish()
        for name, table in tables.items():
            self._compact(con, run, name, table)
            run.publish()

    def _delete_old_rows(
        self, con: duckdb.DuckDBPyConnection, run: RunTransaction, name: TableId, table: Table
    ) -> None:
        if self.policy.retention is None:
            return
        view = TableView.of_main(table)
        try:
            condition = retention.older(view.schema, self.policy.retention, self.now)
        except WorkError as error:
            self._note(name, f"its rows stay: {error.problems[0].message}")
            return
        if condition is None:
            return
        if self.dry_run:
            self.manager.authorize(con)
            with reading_files():
                counted = con.execute(f"SELECT count(*) FROM ({scan.select(view)}) WHERE {condition}")
                [old] = counted.fetchall()[0]
        else:
            old = run.delete(con, name, condition, model=RETENTION_MODEL)
        self._report(name, rows_deleted=old)

    def _compact(
        self, con: duckdb.DuckDBPyConnection, run: RunTransaction, name: TableId, table: Table
    ) -> None:
        target_bytes, min_files = self.policy.target_file_bytes, self.policy.min_small_files
        if self.dry_run:
            small = small_files(TableView.of_main(table), target_bytes=target_bytes, min_files=min_files)
            self._report(name, files_compacted=len(small))
            return
        compacted = run.compact(
            con, name, model=COMPACTION_MODEL, target_bytes=target_bytes, min_files=min_files
        )
        self._report(name, files_compacted=compacted)

    def _release(self, name: TableId, table: Table, folder: Folder | str) -> None:
        """Let go of snapshots, branches and files nobody needs; of the table, if nobody published it."""
        if is_given_up(table, self._rules):
            self._drop(name, table, folder)
            return
        trimmed = self._expire(name, table)
        self._report(name, snapshots_expired=trimmed.expired, runs_let_go=trimmed.let_go)
        self._clean(name, folder, trimmed)

    def _clean(self, name: TableId, folder: Folder | str, trimmed: Trimmed) -> None:
        if isinstance(folder, str):
            self._note(name, folder)
            return
        cleaned = clean(
            lambda: self._expected(name, trimmed),
            folder,
            self._patience,
            now_ms=milliseconds(self.now),
            dry_run=self.dry_run,
        )
        if cleaned.note:
            self._note(name, cleaned.note)
        self._report(
            name,
            files_removed=len(cleaned.removed),
            bytes_removed=sum(file.size for file in cleaned.removed),
            files_waiting=len(cleaned.waiting),
            bytes_waiting=sum(file.size for file in cleaned.waiting),
        )

    def _expire(self, name: TableId, table: Table) -> Trimmed:
        if self.dry_run:
            return trim(table, self._rules)
        return expire_snapshots(self.manager.catalog, name, self._rules)

    def _expected(self, name: TableId, trimmed: Trimmed) -> Table | None:
        """The table as it is, or in a dry run as it would be after expiry."""
        table = self._load(name)
        if table and self.dry_run and trimmed.updates:
            table.metadata = changed(table, trimmed.updates)
        return table

    def _drop(self, name: TableId, table: Table, folder: Folder | str) -> None:
        files = [] if isinstance(folder, str) else folder.files()
        if self.dry_run or self.manager.catalog.drop(table):
            self._report(
                name, dropped=True, files_removed=len(files), bytes_removed=sum(file.size for file in files)
            )
            if isinstance(folder, str):
                self._note(name, folder)
            elif not self.dry_run:
                clear(files, folder)

    def _places(self) -> list[tuple[PurePath, TableId]]:
        """The folders tables of the whole catalog have their files in."""
        found: list[tuple[PurePath, TableId]] = []
        for name in self.manager.table_ids():
            table = self._load(name)
            if table is None:
                continue
            properties = table.metadata.properties
            chosen = (properties.get("write.data.path"), properties.get("write.metadata.path"))
            for location in (table.metadata.location, *chosen):
                if location and (place := place_of(location)):
                    found.append((place, name))
        return found

    @property
    def _rules(self) -> Rules:
        abandoned = self.now - timedelta(seconds=self.policy.branch_grace_s)
        return Rules(self.policy.keep_last, frozenset(self.living), milliseconds(abandoned))

    @property
    def _patience(self) -> Patience:
        seen = self.now - timedelta(seconds=self.policy.file_grace_s)
        written = self.now - timedelta(seconds=self.policy.min_file_age_s)
        began = min(self.living.values(), default=None)
        return Patience(milliseconds(seen), milliseconds(written), milliseconds(began) if began else None)

    def _load(self, name: TableId) -> Table | None:
        return self.manager.catalog.load(name)

    def _report(self, name: TableId, **changes: object) -> None:
        self.reports[name] = replace(self.reports[name], **changes)  # type: ignore[arg-type]

    def _note(self, name: TableId, note: str) -> None:
        self._report(name, notes=(*self.reports[name].notes, note))
