"""The file of the run ledger: its tables, and how it is opened."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from floe_core.errors import Problem, WorkError, shown

_SCHEMA_VERSION = 4
_SCHEMA = """
create table if not exists runs (
    run_id text not null,
    attempt integer not null,
    product text not null,
    environment text not null,
    artifact_digest text not null,
    trace_id text not null,
    git_commit text,
    engine_run_id text,
    state text not null,
    published integer not null default 0,
    started_at text not null,
    ended_at text,
    reason text,
    full_refresh integer not null,
    primary key (run_id, attempt)
);
create index if not exists runs_by_start on runs (product, environment, started_at);
create index if not exists runs_by_state on runs (state);
create table if not exists models (
    run_id text not null,
    attempt integer not null,
    unique_id text not null,
    name text not null,
    state text not null,
    seconds real not null,
    rows integer,
    snapshot_id integer,
    error text,
    files integer,
    base_snapshot_id integer,
    primary key (run_id, attempt, unique_id)
);
create table if not exists tests (
    run_id text not null,
    attempt integer not null,
    unique_id text not null,
    name text not null,
    model text,
    state text not null,
    failures integer not null,
    seconds real not null,
    blocking integer not null,
    error text,
    primary key (run_id, attempt, unique_id)
);
create table if not exists planned (
    run_id text not null,
    unique_id text not null,
    kind text not null,
    primary key (run_id, unique_id)
);
create table if not exists writes (
    run_id text not null,
    attempt integer not null,
    unique_id text not null,
    namespace text not null,
    name text not null,
    snapshot_id integer not null,
    primary key (run_id, attempt, unique_id)
);
create table if not exists inputs (
    run_id text not null,
    attempt integer not null,
    namespace text not null,
    name text not null,
    snapshot_id integer not null,
    primary key (run_id, attempt, namespace, name)
);
create table if not exists maintenance (
    run_id text not null primary key,
    product text not null,
    state text not null,
    reason text,
    started_at text not null,
    ended_at text not null,
    tables text not null
);
create index if not exists maintenance_by_end on maintenance (product, ended_at);
"""


def connect(path: Path) -> sqlite3.Connection:
    """Open the ledger, making it when it is new.

    Raises WorkError when it was made by another version of floe; it is left as it is then.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, timeout=30, isolation_level=None)
    connection.row_factory = sqlite3.Row
    found = connection.execute("pragma user_version").fetchone()[0]
    if found == 0:
        connection.executescript(f"{_SCHEMA} pragma user_version = {_SCHEMA_VERSION};")
    elif found != _SCHEMA_VERSION:
        connection.close()
        raise WorkError(
            Problem(
                "FLOE-E608",
                f"the ledger '{shown(path)}' was made by another version of floe",
                hint="use that version, or move the ledger away: the tables do not need it",
            )
        )
    return connection
