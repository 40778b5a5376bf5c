"""The run ledger: what ran, when, with what outcome. Plain SQLite, no engine."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, replace
from pathlib import Path

from floe_core.errors import ConflictError, Problem
from floe_core.events import ModelFinished, Planned, TestFinished
from floe_core.lake import MaintenanceResult, RunIdentity, Written
from floe_core.ledger_file import connect
from floe_core.ledger_rows import as_text, maintenance_of, now, run_of
from floe_core.run_result import RunResult, RunState

LEDGER_NAME = "ledger.db"


class Ledger:
    """The ledger of one platform; safe for several processes, one connection for each call."""

    def __init__(self, state_dir: Path) -> None:
        self._path = state_dir / LEDGER_NAME

    def begin(self, identity: RunIdentity, *, engine_run_id: str | None, full_refresh: bool = False) -> None:
        """Write down that a run starts.

        Raises ConflictError when the product already has a running run in the environment: whoever
        calls this has settled the dead ones before.
        """
        with self._transaction() as cursor:
            rival = cursor.execute(
                "select * from runs where state = 'running' and product = ? and environment = ?",
                (identity.product, identity.environment),
            ).fetchone()
            if rival:
                raise already_running(run_of(rival))
            cursor.execute(
                "insert into runs (run_id, attempt, product, environment, artifact_digest, trace_id,"
                " git_commit, engine_run_id, state, started_at, full_refresh)"
                " values (?, ?, ?, ?, ?, ?, ?, ?, 'running', ?, ?)",
                (
                    identity.run_id,
                    identity.attempt,
                    identity.product,
                    identity.environment,
                    identity.artifact_digest,
                    identity.trace_id,
                    identity.git_commit,
                    engine_run_id,
                    now(),
                    full_refresh,
                ),
            )

    def record_plan(self, identity: RunIdentity, event: Planned) -> None:
        """Write down what the run is to do; the first attempt's word stands for all that follow."""
        if identity.attempt > 1:
            return
        with self._transaction() as cursor:
            cursor.executemany(
                "insert or replace into planned values (?, ?, ?)",
                [(identity.run_id, unique_id, "model") for unique_id in event.models]
                + [(identity.run_id, unique_id, "test") for unique_id in event.tests],
            )

    def planned(self, run_id: str) -> Planned:
        """What the run is to do; nothing when it ended before that was known."""
        with closing(connect(self._path)) as connection:
            rows = connection.execute(
                "select unique_id, kind from planned where run_id = ? order by unique_id", (run_id,)
            ).fetchall()
        models, tests = (
            tuple(row["unique_id"] for row in rows if row["kind"] == kind) for kind in ("model", "test")
        )
        return Planned(models, tests)

    def record_model(self, identity: RunIdentity, event: ModelFinished) -> None:
        with self._transaction() as cursor:
            cursor.execute(
                "insert or replace into models values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    identity.run_id,
                    identity.attempt,
                    event.unique_id,
                    event.name,
                    event.state,
                    event.seconds,
                    event.rows,
                    event.snapshot_id,
                    event.error,
                    event.files,
                    event.base_snapshot_id,
                ),
            )

    def record_test(self, identity: RunIdentity, event: TestFinished) -> None:
        with self._transaction() as cursor:
            cursor.execute(
                "insert or replace into tests values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    identity.run_id,
                    identity.attempt,
                    event.unique_id,
                    event.name,
                    event.model,
                    event.state,
                    event.failures,
                    event.seconds,
                    event.blocking,
                    event.error,
                ),
            )

    def record_inputs(self, identity: RunIdentity, read: Mapping[tuple[str, str], int]) -> None:
        """Write down at which snapshot the run sees each table that it reads and does not make."""
        with self._transaction() as cursor:
            cursor.executemany(
                "insert or replace into inputs values (?, ?, ?, ?, ?)",
                [(identity.run_id, identity.attempt, *table, snapshot) for table, snapshot in read.items()],
            )

    def inputs(self, run_id: str) -> dict[tuple[str, str], int]:
        """The snapshots that the run's last attempt read, by (namespace, table)."""
        with closing(connect(self._path)) as connection:
            rows = connection.execute(
                "select namespace, name, snapshot_id from inputs where run_id = ?1"
                " and attempt = (select max(attempt) from inputs where run_id = ?1)",
                (run_id,),
            )
            return {(row["namespace"], row["name"]): row["snapshot_id"] for row in rows}

    def intend(self, identity: RunIdentity, writes: Sequence[tuple[str, Written]]) -> None:
        """Write down what is about to be published, so that a crash in between can be settled."""
        with self._transaction() as cursor:
            cursor.executemany(
                "insert or replace into writes values (?, ?, ?, ?, ?, ?)",
                [
                    (identity.run_id, identity.attempt, model, w.namespace, w.table, w.snapshot_id)
                    for model, w in writes
                ],
            )

    def intended(self, run: RunResult) -> list[tuple[str, str, int]]:
        """What the run was about to publish, as (namespace, table, snapshot id)."""
        with closing(connect(self._path)) as connection:
            rows = connection.execute(
                "select namespace, name, snapshot_id from writes where run_id = ? and attempt = ?"
                " order by namespace, name",
                (run.run_id, run.attempt),
            )
            return [(row["namespace"], row["name"], row["snapshot_id"]) for row in rows]

    def published_snapshots(self, namespaces: Sequence[str]) -> dict[tuple[str, str], int]:
        """The snapshot that the last published run left of each table, by (namespace, table)."""
        if not self._path.exists() or not namespaces:
            return {}
        marks = ", ".join("?" * len(namespaces))
        with closing(connect(self._path)) as connection:
            rows = connection.execute(
                "select namespace, name, snapshot_id from writes join runs using (run_id, attempt)"
                f" where published and namespace in ({marks}) order by ended_at",  # nosec B608 - marks only
                tuple(namespaces),
            )
            return {(row["namespace"], row["name"]): row["snapshot_id"] for row in rows}

    def end(
        self, run_id: str, attempt: int, state: RunState, *, published: bool, reason: str | None = None
    ) -> None:
        """Write down how a run ended; a second word on the same attempt is ignored."""
        with self._transaction() as cursor:
            cursor.execute(
                "update runs set state = ?, published = ?, reason = ?, ended_at = ?"
                " where run_id = ? and attempt = ? and state = 'running'",
                (state, published, reason, now(), run_id, attempt),
            )

    def record_maintenance(self, done: MaintenanceResult) -> None:
        """Write down what maintenance did to a product's tables, also when it failed."""
        with self._transaction() as cursor:
            cursor.execute(
                "insert into maintenance values (?, ?, ?, ?, ?, ?, ?)",
                (
                    done.run_id,
                    done.product,
                    done.state,
                    done.reason,
                    as_text(done.started_at),
                    as_text(done.ended_at),
                    json.dumps([asdict(table) for table in done.tables]),
                ),
            )

    def maintenance(self, product: str, *, limit: int = 20) -> list[MaintenanceResult]:
        """What maintenance did to the product's tables, the newest first."""
        if not self._path.exists():
            return []
        with closing(connect(self._path)) as connection:
            rows = connection.execute(
                "select * from maintenance where product = ? order by ended_at desc, rowid desc limit ?",
                (product, limit),
            ).fetchall()
        return [maintenance_of(row) for row in rows]

    def running(self) -> list[RunResult]:
        """The attempts that have begun and not ended, dead ones among them."""
        return self._select("state = 'running'", ())

    def runs(self, product: str | None = None, *, limit: int = 20) -> list[RunResult]:
        """The newest attempts first, without their models and tests."""
        if product is None:
            return self._select("true", (), limit)
        return self._select("product = ?", (product,), limit)

    def published(self, product: str, environment: str, *, limit: int = -1) -> list[RunResult]:
        """The newest attempts that were published first, without their models and tests."""
        where = "published and product = ? and environment = ?"
        return self._select(where, (product, environment), limit)

    def earlier_seconds(self, run: RunResult, *, limit: int = 20) -> dict[str, list[float]]:
        """How long each model took in the attempts before this one that ended well, the newest first."""
        earlier = "product = ? and environment = ? and started_at < ? and state = 'succeeded'"
        with closing(connect(self._path)) as connection:
            rows = connection.execute(
                "select unique_id, seconds from models join (select run_id, attempt, started_at from runs"
                f" where {earlier} order by started_at desc limit ?) using (run_id, attempt)"  # nosec B608
                " where state = 'succeeded' order by started_at desc",
                (run.product, run.environment, as_text(run.started_at), limit),
            ).fetchall()
        found: dict[str, list[float]] = {}
        for row in rows:
            found.setdefault(row["unique_id"], []).append(row["seconds"])
        return found

    def find(self, run_id: str) -> list[RunResult]:
        """All attempts of the run whose id is, or uniquely begins with, ``run_id``; newest first."""
        found = self._select("run_id = ?", (run_id,))
        if not found and run_id:
            found = self._select("substr(run_id, 1, ?) = ?", (len(run_id), run_id))
        return found if len({run.run_id for run in found}) == 1 else []

    def attempt(self, run_id: str, attempt: int) -> RunResult:
        """One attempt with its models and tests, in the order they ended."""
        [run] = self._select("run_id = ? and attempt = ?", (run_id, attempt))
        with closing(connect(self._path)) as connection:
            models = connection.execute(
                "select unique_id, name, state, seconds, rows, snapshot_id, error, files, base_snapshot_id"
                " from models where run_id = ? and attempt = ? order by rowid",
                (run_id, attempt),
            )
            tests = connection.execute(
                "select unique_id, name, model, state, failures, seconds, blocking, error from tests"
                " where run_id = ? and attempt = ? order by rowid",
                (run_id, attempt),
            )
            return replace(
                run,
                models=tuple(ModelFinished(**dict(row)) for row in models),
                tests=tuple(
                    TestFinished(**{**dict(row), "blocking": bool(row["blocking"])}) for row in tests
                ),
            )

    def newest(self, run_id: str) -> RunResult:
        """The run's last attempt, with its models and tests."""
        last = self._select("run_id = ?", (run_id,))[0]
        return self.attempt(run_id, last.attempt)

    def _select(self, where: str, values: tuple[object, ...], limit: int = -1) -> list[RunResult]:
        if not self._path.exists():
            return []
        with closing(connect(self._path)) as connection:
            rows = connection.execute(
                f"select * from runs where {where} order by started_at desc, attempt desc limit ?",
                (*values, limit),
            ).fetchall()
        return [run_of(row) for row in rows]

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Cursor]:
        with closing(connect(self._path)) as connection, connection:  # which commits, or rolls back
            yield connection.execute("begin immediate")


def already_running(rival: RunResult) -> ConflictError:
    """What the second run of a product is told."""
    return ConflictError(
        Problem(
            "FLOE-E501",
            f"product '{rival.product}' is already running: "
            f"run '{rival.run_id}', since {as_text(rival.started_at)}",
            hint="wait for it to end (floe runs), then run again",
        )
    )
