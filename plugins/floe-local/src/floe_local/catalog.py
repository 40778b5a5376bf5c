"""The Iceberg catalog in one SQLite file."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from shlex import quote
from typing import ClassVar
from urllib.parse import unquote, urlsplit

from pydantic import Field

from floe_core.errors import Problem, ServiceError, WorkError, shown
from floe_core.lake import Lake, TableHistory
from floe_core.plugins.base import Health, PluginMetadata
from floe_core.plugins.catalog import CatalogPlugin
from floe_core.plugins.storage import StoragePlugin
from floe_core.table_metadata import history_of

_DEFAULT_NAME = "floe"
_PATIENCE_S = 5
_SQLITE = b"SQLite format 3\0"


class LocalCatalog(CatalogPlugin):
    """``catalog.db`` in the platform's state; any client of SQL catalogs can open it."""

    metadata: ClassVar[PluginMetadata] = PluginMetadata(
        name="local", version=version("floe-local"), instrumentation="floe.iceberg"
    )
    protocol: ClassVar[str] = "sql"

    name: str = Field(
        default=_DEFAULT_NAME,
        pattern=r"^[A-Za-z_]\w*$",
        description="What the catalog is called: the database of every table in SQL and in dbt.",
    )

    @property
    def catalog_name(self) -> str:
        return self.name

    def open(self, storage: StoragePlugin, state_dir: Path) -> Lake:
        from floe_iceberg import IcebergTableManager  # slow to import, and only needed here

        state_dir.mkdir(parents=True, exist_ok=True)
        _stay_in_place(state_dir)
        _refuse_damaged(state_dir)
        _keep_name(state_dir, self.name)
        health = self.health(state_dir)
        if not health.healthy and not health.lasting:
            raise ServiceError(
                Problem(
                    "FLOE-E620",
                    health.reason,
                    hint=f"who holds it: fuser {quote(shown(state_dir / 'catalog.db'))}",
                )
            )
        return IcebergTableManager.open(
            self.catalog_name,
            {
                "type": "sql",
                "uri": f"sqlite:///{state_dir.resolve() / 'catalog.db'}",
                "warehouse": storage.warehouse_uri(state_dir),
                **storage.file_io_properties(),
            },
        )

    def history(
        self, storage: StoragePlugin, state_dir: Path, namespace: str, table: str
    ) -> TableHistory | None:
        if storage.scheme != "file":
            return super().history(storage, state_dir, namespace, table)
        _refuse_damaged(state_dir)
        location = _metadata_location(state_dir / "catalog.db", self.catalog_name, namespace, table)
        if location is None:
            return None
        return history_of(json.loads(Path(unquote(urlsplit(location).path)).read_bytes()))

    def health(self, state_dir: Path) -> Health:
        path = state_dir / "catalog.db"
        if not path.exists():
            return Health(healthy=True)
        try:
            with closing(sqlite3.connect(path, timeout=_PATIENCE_S)) as connection:
                connection.execute("select count(*) from sqlite_master").fetchone()
        except sqlite3.Error as error:
            lasting = not isinstance(error, sqlite3.OperationalError)  # which a lock of another process is
            reason = f"the catalog '{path}' cannot be read: {error}"
            return Health(healthy=False, reason=reason, lasting=lasting)
        return Health(healthy=True)


def _metadata_location(path: Path, *identifier: str) -> str | None:
    """Where the newest metadata of a table is, looked up as any client of SQL catalogs would."""
    if not path.exists():
        return None
    with closing(sqlite3.connect(path, timeout=_PATIENCE_S)) as connection:
        found = connection.execute(
            "select metadata_location from iceberg_tables"
            " where catalog_name = ? and table_namespace = ? and table_name = ?",
            identifier,
        ).fetchone()
    return found and str(found[0])


def _stay_in_place(state_dir: Path) -> None:
    """Refuse a state that was moved or copied: its tables name their files by absolute path."""
    here = str(state_dir.resolve())
    marker = state_dir / "location"
    try:
        home = marker.read_text(encoding="utf-8", errors="replace").strip()
    except FileNotFoundError:
        marker.write_text(here + "\n", encoding="utf-8")
        return
    if home != here:
        raise WorkError(
            Problem(
                "FLOE-E601",
                f"the tables in '{here}' were written as '{home}' and still name their files there: "
                "the folder was moved or copied",
                hint=f"move it back, or start anew: rm -r '{here}'",
            )
        )


def _keep_name(state_dir: Path, name: str) -> None:
    """Refuse another name than the tables were written under: under it there would be none."""
    marker = state_dir / "catalog-name"
    try:
        before = marker.read_text(encoding="utf-8", errors="replace").strip()
    except FileNotFoundError:
        before = _DEFAULT_NAME if (state_dir / "catalog.db").exists() else name
        if before != _DEFAULT_NAME:
            marker.write_text(before + "\n", encoding="utf-8")
    if before != name:
        raise WorkError(
            Problem(
                "FLOE-E609",
                f"the tables in '{shown(state_dir)}' were written under the catalog '{before}', not '{name}'",
                hint=f"call it '{before}' again, or start anew: rm -r {quote(shown(state_dir))}",
            )
        )


def _refuse_damaged(state_dir: Path) -> None:
    """Refuse a catalog that was lost or overwritten: a new one would say that there are no tables."""
    path = state_dir / "catalog.db"
    start = _beginning(path)
    if start == _SQLITE:
        return
    if start:
        what = f"the catalog '{shown(path)}' is damaged: it is no SQLite database"
    elif any((state_dir / "warehouse").glob("*/*/metadata/*.json")):
        what = f"the catalog '{shown(path)}' is gone, and with it the way to the tables beside it"
    else:
        return
    anew = f"put it back from a backup, or start anew: rm -r {quote(shown(state_dir))}"
    raise WorkError(Problem("FLOE-E607", what, hint=anew))


def _beginning(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(len(_SQLITE))
    except FileNotFoundError:
        return b""
