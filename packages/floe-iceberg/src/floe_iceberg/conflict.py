"""What is told when somebody else was faster: which tables, and who it was."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from pyiceberg.table import Table
from pyiceberg.table.snapshots import ancestors_of

from floe_core.errors import ConflictError, Problem
from floe_core.lake import branch_of
from floe_iceberg.table import TableId


@dataclass(frozen=True)
class Rivalry:
    """A table that is not as the writer of a branch left it: as it is now, and what the writer knew of it."""

    now: Table | None = None
    known: Collection[int] = ()
    branch: str | None = None

    @classmethod
    def since(cls, before: Table, now: Table | None, branch: str) -> Rivalry:
        return cls(now, [snapshot.snapshot_id for snapshot in before.metadata.snapshots], branch)

    @classmethod
    def beyond(cls, main: int | None, now: Table | None, branch: str) -> Rivalry:
        """The writer knew main as it was at the snapshot."""
        base = now.metadata.snapshot_by_id(main) if now and main is not None else None
        known = ancestors_of(base, now.metadata) if now and base else ()
        return cls(now, [snapshot.snapshot_id for snapshot in known], branch)

    @property
    def rival(self) -> str:
        """Whose is the newest snapshot that is new to the writer, and not its own."""
        snapshots = self.now.metadata.snapshots if self.now else []
        for snapshot in sorted(snapshots, key=lambda snapshot: snapshot.timestamp_ms, reverse=True):
            run_id = snapshot.summary["floe.run-id"] if snapshot.summary else None
            ours = run_id is not None and branch_of(run_id) == self.branch
            if snapshot.snapshot_id not in self.known and not ours:
                return f"run '{run_id}'" if run_id else "somebody else"
        return "somebody else"


def conflict(tables: Mapping[TableId, Rivalry]) -> ConflictError:
    by_rival: dict[str, list[str]] = {}
    for name, rivalry in tables.items():
        by_rival.setdefault(rivalry.rival, []).append(f"'{name}'")
    told = ", ".join(f"{rival} changed {', '.join(names)}" for rival, names in by_rival.items())
    return ConflictError(
        Problem(
            "FLOE-E530",
            f"{told} meanwhile",
            hint="nothing was published; run again to work on what is there now",
        )
    )
