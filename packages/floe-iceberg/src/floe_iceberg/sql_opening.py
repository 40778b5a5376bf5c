"""Opening a SQL catalog: where its tables may lie, how long it may take, and that it waits for its disk."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from pyiceberg.catalog.sql import SqlCatalog, SqlCatalogBaseTable
from sqlalchemy import event, make_url
from sqlalchemy.exc import SQLAlchemyError

from floe_core.errors import Problem, WorkError
from floe_iceberg.catalog import FILE_IO, TableCatalog, unsupported
from floe_iceberg.sql_catalog import SqlTableCatalog
from floe_iceberg.sql_errors import asking

_BUSY_TIMEOUT_S = 60
_POSTGRES = {"connect_timeout": "10", "options": "-c statement_timeout=60000", "tcp_user_timeout": "30000"}


def open_sql_catalog(name: str, properties: Mapping[str, str]) -> TableCatalog:
    """Open it, making its tables when it is new."""
    _refuse_unspeakable(properties.get("warehouse", ""))
    url = make_url(properties["uri"])
    kind = url.get_backend_name()
    if kind == "sqlite":
        url = url.update_query_dict({"timeout": str(_BUSY_TIMEOUT_S)})
    elif kind == "postgresql":
        url = url.set(drivername="postgresql+psycopg").update_query_dict({**_POSTGRES, **url.query})
    else:
        raise unsupported(f"sql in {kind}")
    uri = url.render_as_string(hide_password=False)
    catalog = _connect(name, {**properties, "uri": uri, "py-io-impl": FILE_IO})
    if kind == "sqlite":
        catalog.engine.dispose()
        event.listen(catalog.engine, "connect", _make_durable)
    return SqlTableCatalog(catalog)


def _refuse_unspeakable(warehouse: str) -> None:
    """Refuse a place that PyIceberg would cut off: its locations are URIs, but nothing in them is quoted."""
    found = next((sign for sign in "?#" if sign in warehouse), None)
    if found:
        raise WorkError(
            Problem(
                "FLOE-E605",
                f"Iceberg cannot keep tables in '{warehouse}': the name has a '{found}' in it",
                hint="rename the folder, or move the project to another one",
            )
        )


def _connect(name: str, properties: Mapping[str, str]) -> SqlCatalog:
    with asking(name, make_url(properties["uri"])):
        for _ in SqlCatalogBaseTable.metadata.sorted_tables:
            with suppress(SQLAlchemyError):  # another process may make the same tables just now, one by one
                return SqlCatalog(name, **properties)
        return SqlCatalog(name, **properties)


def _make_durable(connection: Any, _record: object) -> None:
    # EXTRA also syncs the directory once the journal is gone: without it a power loss can bring the
    # journal, and with it the catalog before the commit, back
    connection.execute("PRAGMA synchronous=EXTRA")
