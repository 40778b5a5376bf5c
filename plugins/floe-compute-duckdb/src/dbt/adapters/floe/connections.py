"""Connections: where every statement of dbt passes."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from multiprocessing.context import SpawnContext
from pathlib import Path
from typing import Any, ClassVar

import duckdb
from dbt.adapters.contracts.connection import AdapterRequiredConfig, Connection, ConnectionState
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.adapters.exceptions import FailedToConnectError
from dbt.adapters.floe.access import Access
from dbt.adapters.floe.credentials import FloeCredentials
from dbt.adapters.floe.deferred import deferred_models
from dbt.adapters.floe.environment import FloeEnvironment, raw_cursor
from dbt.adapters.floe.guard import changes_something, guarded
from dbt.flags import get_flags
from dbt_common.exceptions import CompilationError, DbtRuntimeError

from floe_core.errors import FloeError
from floe_core.inlined_views import read_views
from floe_iceberg import unreadable

_COLUMNS_CHANGED = "FLOE-E520"  # dbt itself calls it a compilation error where it finds out
_WORKING = re.compile(r"__(?:new|copy|checked|staging)\d{20}")  # how materializations name their own tables
INTERRUPTED = "INTERRUPT Error: the run was stopped"


class FloeConnectionManager(DuckDBConnectionManager):
    """DuckDB without transactions: it owns no data, and a view made for one thread serves all."""

    TYPE = "floe"
    _ACCESS: ClassVar[Access]
    _PROFILES: ClassVar[Path]

    def __init__(self, config: AdapterRequiredConfig, mp_context: SpawnContext) -> None:
        super().__init__(config, mp_context)
        flags = get_flags()
        # a project's too, but for 'dbt debug', which has not read it yet
        project = getattr(config, "project_root", None) or flags.PROJECT_DIR or Path.cwd()
        type(self)._ACCESS = Access(Path(project))
        type(self)._PROFILES = Path(flags.PROFILES_DIR)  # where floe generates, by hand too
        self.close_all_connections()  # dbt makes one manager per invocation; nothing of the last one stays
        self._cancelled = threading.Event()
        self._over = threading.Event()

    @classmethod
    def open(cls, connection: Connection) -> Connection:
        if connection.state == ConnectionState.OPEN:
            return connection
        with cls._LOCK:
            try:
                connection.handle = cls._environment(connection.credentials).handle()
                connection.state = ConnectionState.OPEN
            except (duckdb.Error, RuntimeError) as error:
                connection.handle = None
                connection.state = ConnectionState.FAIL
                raise FailedToConnectError(str(error)) from error
        return connection

    @classmethod
    def _environment(cls, credentials: FloeCredentials) -> FloeEnvironment:
        # dbt-duckdb's relations and plugins look for it on its own class
        holder: Any = DuckDBConnectionManager
        if holder._ENV is None:
            holder._ENV = FloeEnvironment(credentials, cls._ACCESS, read_views(cls._PROFILES))
        environment: FloeEnvironment = holder._ENV
        return environment

    @classmethod
    def floe(cls) -> FloeEnvironment:
        """The environment of this invocation; a connection must be open."""
        environment = cls.env()
        assert isinstance(environment, FloeEnvironment)
        return environment

    @cached_property
    def deferred(self) -> frozenset[str]:
        """The models that compiling has not bound."""
        return deferred_models(self._PROFILES)

    @property
    def access(self) -> Access:
        """The lake as this invocation gets at it."""
        return self._ACCESS

    @classmethod
    def close_all_connections(cls) -> None:
        with cls._LOCK:
            holder: Any = DuckDBConnectionManager
            environment, holder._ENV = holder._ENV, None
            if environment is not None:
                environment.close()

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """DuckDB's cursor of this thread, opened if it is not yet."""
        return raw_cursor(self.get_thread_connection().handle)

    def cancel(self, connection: Connection) -> None:
        with suppress(duckdb.ConnectionException):  # it was closed meanwhile
            raw_cursor(connection.handle).interrupt()

    def cancel_open(self) -> list[str]:
        """Stop what runs, and what is about to: DuckDB forgets an interrupt that comes before its query."""
        self._cancelled.set()
        names: list[str] = super().cancel_open()
        threading.Thread(target=self._keep_cancelling, daemon=True).start()
        return names

    def cleanup_all(self) -> None:
        self._over.set()
        super().cleanup_all()
        self.close_all_connections()  # what was spilled is gone with the engine, and its share is the others'

    def _keep_cancelling(self) -> None:
        while not self._over.wait(0.05):
            super().cancel_open()

    def refuse_when_cancelled(self) -> None:
        """Raise once the run is being stopped, so that no new statement begins."""
        if self._cancelled.is_set():
            raise DbtRuntimeError(INTERRUPTED)

    def add_query(
        self,
        sql: str,
        auto_begin: bool = True,
        bindings: Any | None = None,
        abridge_sql_log: bool = False,
        retryable_exceptions: tuple[type[Exception], ...] = (),
        retry_limit: int = 1,
    ) -> tuple[Connection, Any]:
        def run() -> tuple[Connection, Any]:
            return super(FloeConnectionManager, self).add_query(
                sql, False, bindings, abridge_sql_log, retryable_exceptions, retry_limit
            )

        self.refuse_when_cancelled()
        with self.exception_handler(sql):
            cursor = self.cursor()
            self.floe().attach_mentioned(cursor, sql)
            return guarded(self.floe(), cursor, run) if changes_something(sql) else run()

    @contextmanager
    def exception_handler(self, sql: str, connection_name: str = "master") -> Iterator[None]:
        try:
            yield
        except FloeError as error:
            columns_changed = any(problem.code == _COLUMNS_CHANGED for problem in error.problems)
            raise (CompilationError if columns_changed else DbtRuntimeError)(str(error)) from error
        except duckdb.Error as error:
            raise DbtRuntimeError(_WORKING.sub("", str(unreadable(error) or error))) from error

    def begin(self) -> Connection:  # type: ignore[override]
        connection = self.get_thread_connection()
        connection.transaction_open = True
        return connection

    def commit(self) -> Connection:  # type: ignore[override]
        connection = self.get_thread_connection()
        connection.transaction_open = False
        return connection

    @classmethod
    def _rollback_handle(cls, connection: Connection) -> None:
        """There is no transaction to roll back."""
