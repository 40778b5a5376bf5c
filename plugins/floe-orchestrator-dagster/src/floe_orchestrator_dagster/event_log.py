"""Dagster's event log in SQLite, kept open between events.

Dagster's own opens a database for each statement. A run on one's own is then the only one at it, and
SQLite flushes and empties its journal at every closing: 40 ms of processor for each model.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as db
from dagster._core.storage.event_log.sqlite import SqliteEventLogStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._serdes import ConfigurableClassData
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import QueuePool

_KEPT_OPEN = 4


class EventLog(SqliteEventLogStorage):
    """One file for each run and an index of them all, exactly as Dagster's own has them.

    A power loss may take the newest events, never the order or the whole of a file: what a run did is
    in floe's ledger, which waits for the disk.
    """

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._open: OrderedDict[tuple[str, int], Engine] = OrderedDict()
        self._tables: set[str] = set()
        self._asset_columns: set[str] = set()
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> EventLog:
        return cls(inst_data=inst_data, **config_value)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock, self._engine(shard).begin() as connection:
            yield connection

    def _engine(self, shard: str) -> Engine:
        if shard not in self._initialized_dbs:
            engine = self._made(shard)
            self._initdb(engine)
            self._initialized_dbs.add(shard)
            engine.dispose()
        key = (shard, Path(self.path_for_shard(shard)).stat().st_ino)  # another file after a wipe
        if key not in self._open:
            self._open[key] = self._made(shard)
        self._open.move_to_end(key)
        while len(self._open) > _KEPT_OPEN:
            self._open.popitem(last=False)[1].dispose()
        return self._open[key]

    def _made(self, shard: str) -> Engine:
        engine = db.create_engine(
            self.conn_string_for_shard(shard),
            poolclass=QueuePool,
            pool_size=1,
            connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
        )
        db.event.listen(engine, "connect", _do_not_wait_for_the_disk)
        return engine

    def has_table(self, table_name: str) -> bool:
        if table_name not in self._tables and super().has_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    def _has_asset_key_col_on_connection(self, conn: Connection, column_name: str) -> bool:
        if column_name not in self._asset_columns and super()._has_asset_key_col_on_connection(
            conn, column_name
        ):
            self._asset_columns.add(column_name)
        return column_name in self._asset_columns

    def dispose(self) -> None:
        super().dispose()
        while self._open:
            self._open.popitem()[1].dispose()


def _do_not_wait_for_the_disk(connection: Any, record: object) -> None:
    connection.execute("pragma synchronous = normal")
