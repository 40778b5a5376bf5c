"""Statements that would change a table of the lake: they fail, instead of changing a copy in memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import duckdb
from dbt.adapters.floe.environment import FloeEnvironment
from dbt_common.exceptions import DbtRuntimeError

Result = TypeVar("Result")
_STANDARD = {"table", "view", "incremental", "ephemeral"}

READING = {
    duckdb.StatementType.SELECT,
    duckdb.StatementType.EXPLAIN,
    duckdb.StatementType.SET,
    duckdb.StatementType.VARIABLE_SET,
    duckdb.StatementType.PRAGMA,
    duckdb.StatementType.LOAD,
    duckdb.StatementType.ATTACH,
}
REFUSAL = (
    "tables of the lake are written by models and seeds, and a hook, operation or macro can only delete"
    " rows of them: {{ floe.delete_where(this, 'condition') }}"
)


# how DuckDB says that what should be changed is a view, which every table of the lake is here
_SIGNS_OF_A_VIEW = ("base table", "is of type View", "is not an table")


def changes_something(sql: str) -> bool:
    """Whether any statement in the text does more than read or set."""
    try:
        return any(statement.type not in READING for statement in duckdb.extract_statements(sql))
    except duckdb.ParserException:
        return False  # running it tells what is wrong with it


def guarded(
    environment: FloeEnvironment, cursor: duckdb.DuckDBPyConnection, run: Callable[[], Result]
) -> Result:
    """Run a statement that may change whatever lives in the engine, but nothing of the lake."""
    with environment.lock:
        before = environment.contents(cursor)
        try:
            result = run()
        except DbtRuntimeError as error:
            raise _explained(error) from error
        after = environment.contents(cursor)
        if touched := [item for item in after ^ before if environment.is_of_the_lake(item)]:
            environment.forget(cursor, after - before)
            names = sorted({f"{item.schema}.{item.name}" for item in touched})
            raise DbtRuntimeError(f"'{', '.join(names)}': {REFUSAL}")
        return result


def refuse_rows_left(environment: FloeEnvironment, cursor: duckdb.DuckDBPyConnection, node: Any) -> None:
    """Fail a materialization of the project's own that has made a table in the engine, where it ends."""
    materialized = node.config.materialized
    if node.resource_type != "model" or materialized in _STANDARD:
        return
    place = (environment.database, node.schema.lower(), node.alias.lower())
    with environment.lock:
        left = [
            item
            for item in environment.contents(cursor)
            if (item.database, item.schema.lower(), item.name.lower()) == place
            and not environment.is_of_the_lake(item)
        ]
        environment.forget(cursor, left)
    if left:
        raise DbtRuntimeError(
            f"materialization '{materialized}' has written nothing to the lake: let it call a standard one,"
            " such as materialization_table_duckdb()"
        )


def _explained(error: DbtRuntimeError) -> DbtRuntimeError:
    if any(sign in error.msg for sign in _SIGNS_OF_A_VIEW):
        return DbtRuntimeError(f"{error.msg.splitlines()[0]}: {REFUSAL}")
    return error
