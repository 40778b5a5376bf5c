"""The door: everything floe does with tables goes through here."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path

from pydantic import SecretStr
from pyiceberg.table.refs import SnapshotRefType

from floe_core.lake import MaintenancePolicy, RunIdentity, TableMaintenance
from floe_iceberg._snapshot_manager import Rules, expire_snapshots
from floe_iceberg.catalog import open_catalog
from floe_iceberg.maintenance import Maintenance
from floe_iceberg.process_run import running
from floe_iceberg.properties import revealed, shareable
from floe_iceberg.refs import drop_ref, name_snapshot
from floe_iceberg.run import RunTransaction
from floe_iceberg.table import TableId
from floe_iceberg.writer import TableWriter


class IcebergTableManager(TableWriter):
    """A catalog of Iceberg tables, opened: ``run`` writes many of them as one."""

    @classmethod
    def open(cls, name: str, properties: Mapping[str, str | SecretStr]) -> IcebergTableManager:
        """Open the catalog with PyIceberg's own properties (uri, warehouse, …), making it when new."""
        return cls(open_catalog(name, revealed(properties)), shareable(properties))

    def close(self) -> None:
        """Give the catalog's connections back; the manager is of no use afterwards."""
        self.catalog.close()

    def create_namespace(self, namespace: str) -> None:
        """Make the namespace unless it is there."""
        self.catalog.ensure_namespace(namespace)

    def run(
        self, identity: RunIdentity, *, reuse: Collection[str] = (), tmp: Path | None = None
    ) -> AbstractContextManager[RunTransaction]:
        """Make ``identity`` the run of this process: ``current_run`` finds it.

        ``reuse`` names models whose writes by earlier attempts of the run are to be published with it;
        the tables of all others are as readers of main see them. Engines of the run spill into ``tmp``.
        """
        return running(RunTransaction(self, identity, reuse, tmp=tmp))

    def tag(self, table: TableId, name: str, *, at: datetime | int | str | None = None) -> int:
        """Name a snapshot, the current one unless told otherwise, and return its id.

        It is kept, files and all, until the tag is dropped. Raises SpecError when the name is taken.
        """
        return name_snapshot(self.catalog, table, name, SnapshotRefType.TAG, at)

    def drop_tag(self, table: TableId, name: str) -> None:
        drop_ref(self.catalog, table, name, SnapshotRefType.TAG)

    def branch(self, table: TableId, name: str, *, at: datetime | int | str | None = None) -> int:
        """Begin a branch at a snapshot, the current one unless told otherwise, and return its id.

        Writes with ``branch=name`` go there; so does the first write to a name no branch has yet.
        """
        return name_snapshot(self.catalog, table, name, SnapshotRefType.BRANCH, at)

    def drop_branch(self, table: TableId, name: str) -> None:
        """Give up what is on the branch and nowhere else; also that of a run."""
        drop_ref(self.catalog, table, name, SnapshotRefType.BRANCH)

    def expire_snapshots(self, table: TableId | str, *, keep_last: int = 6) -> list[int]:
        """Expire all but the newest ``keep_last`` snapshots and return the ids that went.

        The current snapshot always survives, even with ``keep_last=0``: expiring it would leave a table no
        reader can open. So do tagged ones, and what runs have written on branches of theirs. Their files
        are removed by ``remove_unreachable``, once nobody can be reading them any more.
        """
        name = table if isinstance(table, TableId) else TableId(*table.rsplit(".", 1))
        return list(expire_snapshots(self.catalog, name, Rules(keep_last)).expired)

    def remove_unreachable(
        self,
        tables: Sequence[TableId],
        policy: MaintenancePolicy,
        *,
        living: Mapping[str, datetime],
        now: datetime,
        dry_run: bool = False,
    ) -> list[TableMaintenance]:
        """Remove the files that no snapshot leads to and that were seen to be so long enough ago.

        A pass over a table only notes what it sees for the first time. ``living`` are the runs that are
        going, with the times they began: what they may be writing or reading stays.
        """
        return Maintenance(self, policy, living, now, dry_run).remove_unreachable(tables)

    def maintain(
        self,
        namespaces: Sequence[str],
        policy: MaintenancePolicy,
        *,
        identity: RunIdentity,
        living: Mapping[str, datetime],
        now: datetime,
        dry_run: bool,
        tmp: Path | None = None,
    ) -> list[TableMaintenance]:
        """Delete old rows, compact, expire and remove files in every table of the namespaces, sorted.

        Tables that another product than the ``identity``'s has written last are that one's; those it has
        written itself, such as of rows that failed a test, are maintained in namespaces below its own, too.
        What changes rows or files is published as the run ``identity``: no other run may write to the
        namespaces meanwhile. ``living`` are the runs of the whole platform that are going, with the times
        they began; what they wrote or may be reading is left alone. With ``dry_run`` nothing is changed.
        What does not fit into memory is spilled into ``tmp``.
        """
        maintenance = Maintenance(self, policy, living, now, dry_run, tmp)
        names = self._tables_of(identity.product, namespaces)
        return maintenance.of(names, identity) + maintenance.clear_unmade(namespaces)

    def _tables_of(self, product: str, namespaces: Sequence[str]) -> list[TableId]:
        below = [each for each in self.namespaces() if each.startswith(f"{product}_")]
        writers = {name: self._writer(name) for name in self.table_ids({*namespaces, *below})}
        return [
            name
            for name, writer in writers.items()
            if writer == product or (writer is None and name.namespace in namespaces)
        ]

    def _writer(self, name: TableId) -> str | None:
        """The product that has written the table's newest snapshot; None if that says none."""
        table = self.catalog.load(name)
        snapshots = table.metadata.snapshots if table else []
        newest = max(snapshots, key=lambda each: each.sequence_number or 0, default=None)
        return newest.summary["floe.product"] if newest and newest.summary else None
