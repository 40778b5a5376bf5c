"""The lake's tables as ``dbt docs`` lists them: one row a column."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from dbt.adapters.floe.access import Access
from dbt.adapters.floe.lake import LakeTables

from floe_iceberg import TableId

if TYPE_CHECKING:
    import agate  # type: ignore[import-untyped]


class Wanted(NamedTuple):
    """A schema, or one table of it; in any case."""

    schema: str
    name: str | None = None


class _Row(NamedTuple):
    """As dbt names what it reads of a database's own catalog."""

    table_database: str
    table_schema: str
    table_name: str
    table_type: str
    table_comment: str | None
    column_name: str
    column_index: int
    column_type: str
    column_comment: str | None
    table_owner: str | None


class Listed(NamedTuple):
    """A table or an inlined view: its comment, and its columns as (name, type, comment)."""

    name: str
    kind: str
    comment: str | None
    columns: Sequence[tuple[str, str, str | None]]


def catalog(
    tables: LakeTables,
    access: Access,
    database: str,
    wanted: Iterable[Wanted],
    views: Callable[[Wanted], Iterable[Listed]],
) -> agate.Table:
    """What is there of what is wanted, sorted."""
    from dbt_common.clients.agate_helper import table_from_data_flat

    found = {(one.schema.lower(), each.name): each for one in wanted for each in _tables(tables, access, one)}
    found |= {(one.schema.lower(), each.name): each for one in wanted for each in views(one)}
    rows = [row for (schema, _), listed in sorted(found.items()) for row in _rows(database, schema, listed)]
    return table_from_data_flat([row._asdict() for row in rows], list(_Row._fields))


def _tables(tables: LakeTables, access: Access, wanted: Wanted) -> Iterator[Listed]:
    for name in tables.names(wanted.schema):
        if wanted.name is None or name.lower() == wanted.name.lower():
            yield Listed(name, "BASE TABLE", *_columns(access, tables.id(wanted.schema, name)))


def _rows(database: str, schema: str, listed: Listed) -> Iterator[_Row]:
    for index, (column, type_, doc) in enumerate(listed.columns, start=1):
        yield _Row(
            table_database=database,
            table_schema=schema,
            table_name=listed.name,
            table_type=listed.kind,
            table_comment=listed.comment,
            column_name=column,
            column_index=index,
            column_type=type_,
            column_comment=doc,
            table_owner=None,
        )


def _columns(access: Access, table: TableId) -> tuple[str | None, list[tuple[str, str, str | None]]]:
    """The table's comment, and its columns with type and comment."""
    known = access.manager.describe(table, run=access.run)
    columns = [(column.name, column.type, column.doc) for column in known.columns]
    return known.properties.get("comment"), columns
