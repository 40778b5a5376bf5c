"""Statements that would change a table of the lake: they fail, instead of changing a copy in memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import duckdb
from dbt.adapters.floe.environment import FloeEnvironment
from dbt_common.exceptions import DbtRuntimeError

Result = TypeVar("Result")

READING = {
    duckdb.StatementType.SELECT,
    duckdb.StatementType.EXPLAIN,
    duckdb.StatementType.SET,
    duckdb.StatementType.VARIABLE_SET,
    duckdb.StatementType.PRAGMA,
    duckdb.StatementType.LOAD,
    duckdb.StatementType.ATTACH,
}
REFUSAL = "tables of the lake are written by models and seeds only, not by hooks, operations or macros"


def changes_something(sql: str) -> bool:
    """Whether any statement in the text does more than read or set."""
    try:
        return any(statement.type not in READING for statement in duckdb.extract_statements(sql))
    except duckdb.ParserException:
        return False  # running it tells what is wrong with it


def guarded(
    environment: FloeEnvironment, cursor: duckdb.DuckDBPyConnection, run: Callable[[], Result]
) -> Result:
    """Run a statement that may change temporary things, macros and files, but nothing of the lake."""
    with environment.lock:
        before = environment.contents(cursor)
        try:
            result = run()
        except DbtRuntimeError as error:
            raise _explained(error) from error
        changed = environment.contents(cursor) ^ before
        if changed:
            names = sorted({f"{schema}.{name}" for schema, name, _ in changed})
            raise DbtRuntimeError(f"'{', '.join(names)}': {REFUSAL}")
        return result


def _explained(error: DbtRuntimeError) -> DbtRuntimeError:
    if "base table" in error.msg or "is of type View" in error.msg:
        return DbtRuntimeError(f"{error.msg.splitlines()[0]}: {REFUSAL}")
    return error
