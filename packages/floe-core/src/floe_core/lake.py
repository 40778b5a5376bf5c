"""What floe asks of a catalog of Iceberg tables, without naming an engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


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
    """The outcome of one model's write on the run's branch; ``rows`` is what the table then holds."""

    namespace: str
    table: str
    snapshot_id: int
    rows: int


@dataclass(frozen=True)
class PublishedTable:
    """A table as readers of main see it."""

    namespace: str
    name: str
    snapshot_id: int
    rows: int
    committed_at: datetime
    properties: Mapping[str, str]


class LakeRun(Protocol):
    """One transaction over many tables: invisible to readers until ``publish``."""

    @property
    def written(self) -> Mapping[str, Written]:
        """The writes so far, by the writer's own name for the model (dbt's unique id)."""

    def publish(self) -> None:
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

    def is_published(self, namespace: str, table: str, snapshot_id: int) -> bool:
        """Whether main is at the snapshot or has come past it."""

    def run(self, identity: RunIdentity) -> AbstractContextManager[LakeRun]:
        """Make ``identity`` the run of this process: adapters find it through ``floe_iceberg``."""
