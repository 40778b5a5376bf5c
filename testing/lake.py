"""A lake on tmp_path, seen from inside (floe) and from outside (plain PyIceberg)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import duckdb
from pyiceberg.catalog import Catalog, load_catalog
from pyiceberg.table import Table
from requests import Response
from sqlalchemy import Engine, event

from floe_core.lake import RunIdentity
from floe_iceberg import IcebergTableManager, RunTransaction, TableId
from floe_iceberg.rest_catalog import RestTableCatalog
from floe_iceberg.sql_catalog import SqlTableCatalog
from testing.legs import Leg, Sqlite


def identity(run_id: str, attempt: int = 1) -> RunIdentity:
    return RunIdentity(
        run_id=run_id,
        attempt=attempt,
        product="shop",
        environment="dev",
        artifact_digest="d1ce57",
        trace_id="7ace",
        git_commit="c0ffee",
    )


@dataclass
class Lake:
    """``manager`` and ``con`` are floe's; ``plain`` opens the catalog as anybody else does.

    ``home`` is the folder that the lake's files lie in, objects of a store too.
    """

    home: Path
    namespace: str = "shop"
    leg: Leg = field(default_factory=Sqlite, kw_only=True)
    con: duckdb.DuckDBPyConnection = field(default_factory=duckdb.connect)
    opened: list[Catalog | IcebergTableManager] = field(default_factory=list)

    _plain: Catalog | None = None

    def __post_init__(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        self.place = self.leg.place(self.home)
        self.home = self.place.files
        self.manager = self.another_manager()

    @property
    def properties(self) -> dict[str, str]:
        return dict(self.place.properties)

    @property
    def warehouse(self) -> Path:
        """The folder with a folder for each namespace."""
        return self.place.warehouse

    def before_publishing(self, act: Callable[[], object]) -> None:
        """Let something happen once, just as floe asks the catalog for its next commit."""
        waiting = [act]

        def once() -> None:
            while waiting:
                waiting.pop()()

        catalog = self.manager.catalog
        if isinstance(catalog, SqlTableCatalog):

            def before_update(_con: object, _cursor: object, statement: str, *_: object) -> None:
                if statement.startswith("UPDATE iceberg_tables"):
                    once()

            event.listen(catalog.iceberg.engine, "before_cursor_execute", before_update)
            return
        assert isinstance(catalog, RestTableCatalog)
        send = catalog.iceberg.post_transaction

        def before_post(requests: list[Any]) -> Response:
            once()
            return send(requests)

        catalog.iceberg.post_transaction = before_post  # type: ignore[method-assign]

    def path(self, location: str) -> Path:
        """The file or folder a location of the lake names."""
        return self.place.path(location)

    def another_manager(self, more: Mapping[str, str] = MappingProxyType({})) -> IcebergTableManager:
        """Floe once more, with more properties."""
        manager = IcebergTableManager.open("floe", {**self.properties, **more})
        self.opened.append(manager)
        return manager

    @property
    def engine(self) -> Engine:
        """SQLAlchemy's engine below floe's own client of the catalog."""
        assert isinstance(self.manager.catalog, SqlTableCatalog)
        return self.manager.catalog.iceberg.engine

    def plain(self) -> Catalog:
        """The catalog as anybody opens it; it remembers no table, so one is enough."""
        if self._plain is None:
            self._plain = load_catalog("floe", **self.properties)
            self.opened.append(self._plain)
        return self._plain

    def table(self, name: str) -> Table:
        return self.plain().load_table((self.namespace, name))

    def id(self, name: str) -> TableId:
        return TableId(self.namespace, name)

    def write(self, run: RunTransaction, name: str, sql: str, mode: str = "overwrite", **more: Any) -> int:
        """Write by the model of the table's name; returns the rows the table then holds."""
        model = f"model.shop.{name}"
        return run.write(self.con, self.id(name), sql, model=model, mode=mode, **more).rows  # type: ignore[arg-type]

    def publish(self, run_id: str, name: str, sql: str, mode: str = "overwrite", **more: Any) -> None:
        """A run of one write, published."""
        with self.manager.run(identity(run_id)) as run:
            self.write(run, name, sql, mode, **more)
            run.publish()

    def rows(self, name: str, run: RunTransaction | None = None) -> list[tuple[Any, ...]]:
        """The rows floe reads, sorted."""
        sql = self.manager.scan_sql(self.id(name), run=run)
        if sql is None:
            raise LookupError(f"no table '{name}' for this reader")
        self.manager.authorize(self.con)
        return sorted(self.con.execute(sql).fetchall(), key=repr)

    def plain_rows(self, name: str) -> list[tuple[Any, ...]]:
        """The rows anybody else reads, sorted."""
        found = self.table(name).scan().to_arrow().to_pylist()
        return sorted((tuple(row.values()) for row in found), key=repr)

    def seen(self, name: str) -> dict[str, Any]:
        """Everything a plain reader of main can notice of a table."""
        table = self.table(name)
        metadata = table.metadata
        return {
            "uuid": metadata.table_uuid,
            "location": metadata.location,
            "snapshot": metadata.current_snapshot_id,
            "current-schema-id": metadata.current_schema_id,
            "columns": [(f.field_id, f.name, str(f.field_type), f.doc) for f in table.schema().fields],
            "spec": (metadata.default_spec_id, str(table.spec())),
            "order": (metadata.default_sort_order_id, str(table.sort_order())),
            "properties": dict(metadata.properties),
            "history": [entry.snapshot_id for entry in table.history()],
            "rows": self.plain_rows(name),
        }

    def close(self) -> None:
        self.con.close()
        for catalog in self.opened:
            catalog.close()
