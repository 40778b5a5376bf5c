"""What floe asks of a catalog of Iceberg tables, without naming an engine."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol


def branch_of(run_id: str) -> str:
    """The name of a run's branch, in every table it writes."""
    return f"floe_run_{run_id}"


@dataclass(frozen=True)
class RunIdentity:
    """Who writes: every snapshot of a run carries this in its summary."""

    run_id: str
    attempt: int
    product: str
    environment: str
    artifact_digest: str
    trace_id: str
    git_commit: str | None = None

    @property
    def branch(self) -> str:
        return branch_of(self.run_id)

    def summary(self, model: str) -> dict[str, str]:
        """The snapshot properties of one write of ``model``."""
        properties = {
            "floe.run-id": self.run_id,
            "floe.attempt": str(self.attempt),
            "floe.product": self.product,
            "floe.environment": self.environment,
            "floe.model": model,
            "floe.artifact-digest": self.artifact_digest,
            "floe.trace-id": self.trace_id,
        }
        if self.git_commit:
            properties["floe.git-commit"] = self.git_commit
        return properties


@dataclass(frozen=True)
class Written:
    """The outcome of one model's write on the run's branch.

    ``rows`` and ``size`` (in bytes) are what the table then holds, ``snapshots`` how many of them it has;
    the rest is what the write added.
    """

    namespace: str
    table: str
    snapshot_id: int
    rows: int
    size: int = 0
    snapshots: int = 0
    added_rows: int = 0
    added_files: int = 0
    added_bytes: int = 0
    base_snapshot_id: int | None = None


@dataclass(frozen=True)
class PublishedTable:
    """A table as readers of main see it; ``committed_at`` is since when they do.

    ``columns`` are names and types as the engine has them; ``partition_by`` is spelled as a model would;
    ``size`` is that of the rows there are, in bytes.
    """

    namespace: str
    name: str
    snapshot_id: int
    rows: int
    size: int
    columns: tuple[tuple[str, str], ...]
    partition_by: tuple[str, ...]
    committed_at: datetime
    properties: Mapping[str, str]


@dataclass(frozen=True)
class TableSnapshot:
    """One state of a table; ``summary`` is all it says of itself."""

    snapshot_id: int
    parent_id: int | None
    committed_at: datetime
    summary: Mapping[str, str]


@dataclass(frozen=True)
class TableHistory:
    """The states a table still has, the oldest first; ``current`` is the one that readers of main see."""

    current: int | None
    snapshots: tuple[TableSnapshot, ...]

    def find(self, snapshot_id: int) -> TableSnapshot | None:
        return next((each for each in self.snapshots if each.snapshot_id == snapshot_id), None)


@dataclass(frozen=True)
class RowRetention:
    """Rows whose ``column`` says a time longer ago than ``max_age_s`` are deleted."""

    column: str
    max_age_s: int


@dataclass(frozen=True)
class MaintenancePolicy:
    """What maintenance keeps, in snapshots, seconds and bytes.

    ``branch_grace_s`` is for what a failed run left to look at. A file nothing leads to is removed once
    it has been seen so for ``file_grace_s`` and is ``min_file_age_s`` old: somebody may still read it, or
    be about to commit it. ``min_small_files`` files smaller than three quarters of ``target_file_bytes``
    are made one.
    """

    keep_last: int = 6
    retention: RowRetention | None = None
    branch_grace_s: int = 86_400
    file_grace_s: int = 3_600
    min_file_age_s: int = 86_400
    target_file_bytes: int = 128 * 1024 * 1024
    min_small_files: int = 5


@dataclass(frozen=True)
class TableMaintenance:
    """What maintenance did to one table, or would do.

    ``waiting`` counts files that nothing leads to and that are kept for a while yet; ``notes`` say what
    was left alone, and why.
    """

    namespace: str
    table: str
    rows_deleted: int = 0
    files_compacted: int = 0
    snapshots_expired: tuple[int, ...] = ()
    runs_let_go: tuple[str, ...] = ()
    dropped: bool = False
    files_removed: int = 0
    bytes_removed: int = 0
    files_waiting: int = 0
    bytes_waiting: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class MaintenanceResult:
    """One pass of maintenance over a product's tables, as the ledger keeps it."""

    run_id: str
    product: str
    state: Literal["succeeded", "failed", "cancelled"]
    reason: str | None
    started_at: datetime
    ended_at: datetime
    tables: tuple[TableMaintenance, ...] = ()


class LakeRun(Protocol):
    """One transaction over many tables: invisible to readers until ``publish``."""

    @property
    def written(self) -> Mapping[str, Written]:
        """The writes so far, by the writer's own name for the model (dbt's unique id)."""

    def pin(
        self, tables: Sequence[tuple[str, str]], at: Mapping[tuple[str, str], int]
    ) -> Mapping[tuple[str, str], int]:
        """See these tables, by namespace and name, as they are at one moment for the whole run.

        Those that ``at`` names are seen as of its snapshots: an earlier attempt of the run read them so.
        Returns the snapshot of each table that has one; raises WorkError when one of ``at`` is gone.
        """

    def publish(self) -> object:
        """Move every written table's main to the run's branch, all or none.

        Raises ConflictError when a table's main moved since the run first wrote it.
        """


class Lake(Protocol):
    """A catalog of Iceberg tables, opened."""

    @property
    def name(self) -> str: ...

    @property
    def properties(self) -> Mapping[str, str]:
        """What another Iceberg client needs to open this catalog; no secret in it."""

    def tables(self, namespaces: Sequence[str] | None = None) -> list[PublishedTable]:
        """The published tables, sorted by namespace and name; all namespaces when none is given."""

    def history(self, namespace: str, table: str) -> TableHistory | None:
        """The states of a table, as its metadata has them; None when it was never published."""

    def is_published(self, namespace: str, table: str, snapshot_id: int) -> bool:
        """Whether main is at the snapshot or has come past it."""

    def run(
        self, identity: RunIdentity, *, reuse: Collection[str] = (), tmp: Path | None = None
    ) -> AbstractContextManager[LakeRun]:
        """Make ``identity`` the run of this process: adapters find it through ``floe_iceberg``.

        What earlier attempts of the run wrote for the models in ``reuse`` stays on its branch. ``tmp`` is
        the folder that engines spill into.
        """

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

        What changes rows or files is published as the run ``identity``: no other run may write to the
        namespaces meanwhile. ``living`` are the runs of the whole platform that are going, with the times
        they began; what they wrote or may be reading is left alone. With ``dry_run`` nothing is changed.
        What does not fit into memory is spilled into ``tmp``.
        """
