"""Maintenance of a product's tables: old rows, snapshots and files go, apart from its runs."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime

from floe_core.lake import (
    MaintenancePolicy,
    MaintenanceResult,
    RowRetention,
    RunIdentity,
    TableMaintenance,
)
from floe_core.ledger import Ledger
from floe_core.location import Location
from floe_core.maintenance_telemetry import told
from floe_core.platform import Platform
from floe_core.recovery import settle_dead_runs
from floe_core.run import DEFAULT_ENVIRONMENT
from floe_core.run_lock import maintenance_of_product
from floe_core.run_result import ended_by
from floe_core.schemas.artifacts import CompiledArtifacts
from floe_core.schemas.values import seconds


def maintain(
    location: Location,
    artifacts: CompiledArtifacts,
    *,
    policy: MaintenancePolicy | None = None,
    now: datetime | None = None,
    dry_run: bool = False,
) -> list[TableMaintenance]:
    """Maintain every table of the product, and say what was done to each; rows go as floe.yaml says.

    Raises ConflictError when a run of the product is going or somebody maintains it already. A run that
    starts meanwhile waits; runs of other products, which may be reading, are not waited for.
    """
    platform, ledger = Platform(artifacts.plugins), Ledger(location.state_dir)
    lake = platform.catalog.open(platform.storage, location.state_dir)
    with maintenance_of_product(location.state_dir, artifacts.metadata.product_name):
        settle_dead_runs(location.state_dir, ledger, lake)
        identity = _identity(artifacts)
        with (
            _recorded(None if dry_run else ledger, identity) as done,
            nullcontext() if dry_run else told(platform, artifacts, identity, location.state_dir, done),
        ):
            done += lake.maintain(
                _namespaces(artifacts),
                replace(policy or MaintenancePolicy(), retention=_retention(artifacts)),
                identity=identity,
                living={run.run_id: run.started_at for run in ledger.running()},
                now=now or datetime.now(UTC),
                dry_run=dry_run,
                tmp=platform.compute.tmp_dir(location.state_dir),
            )
        return done


@contextmanager
def _recorded(ledger: Ledger | None, identity: RunIdentity) -> Iterator[list[TableMaintenance]]:
    """Write into the ledger what was done to which tables, also when it is left by an exception."""
    started_at, done = datetime.now(UTC), list[TableMaintenance]()

    def record(_kind: object, error: BaseException | None, _trace: object) -> None:
        state, reason = ended_by(error) if error else ("succeeded", None)
        if ledger is not None:
            ended_at = datetime.now(UTC)
            ledger.record_maintenance(
                MaintenanceResult(
                    identity.run_id, identity.product, state, reason, started_at, ended_at, tuple(done)
                )
            )

    with ExitStack() as ending:
        ending.push(record)
        yield done


def _namespaces(artifacts: CompiledArtifacts) -> list[str]:
    return sorted({artifacts.metadata.product_name, *(node.namespace for node in artifacts.nodes)})


def _retention(artifacts: CompiledArtifacts) -> RowRetention | None:
    said = artifacts.retention
    return RowRetention(said["column"], seconds(said["maxAge"])) if said else None


def _identity(artifacts: CompiledArtifacts) -> RunIdentity:
    return RunIdentity(
        run_id=str(uuid.uuid4()),
        attempt=1,
        product=artifacts.metadata.product_name,
        environment=DEFAULT_ENVIRONMENT,
        artifact_digest=artifacts.digest,
        trace_id=secrets.token_hex(16),
    )
