"""What a commit names is on disk before the catalog points at it."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.table import StaticTable
from sqlalchemy import event

from floe_iceberg.file_io import local_path
from testing.lake import Lake, identity


def path_of(location: str) -> Path:
    path = local_path(location)
    assert path is not None
    return path


def files_of(metadata_location: str) -> set[Path]:
    """Every file a table's metadata needs, over all its snapshots."""
    table = StaticTable.from_metadata(metadata_location)
    found = {metadata_location}
    for snapshot in table.metadata.snapshots:
        found.add(snapshot.manifest_list)
        for manifest in snapshot.manifests(table.io):
            found.add(manifest.manifest_path)
            entries = manifest.fetch_manifest_entry(table.io, discard_deleted=True)
            found.update(entry.data_file.file_path for entry in entries)
    return {path_of(location) for location in found}


@pytest.mark.embedded
@pytest.mark.requirement("FR-022")
def test_every_file_and_folder_of_a_commit_is_synced_before_the_catalog_moves(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: set[Path] = set()
    checked: list[str] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        real(descriptor)
        synced.add(Path(f"/proc/self/fd/{descriptor}").resolve())

    def check(_con: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if not statement.startswith(("UPDATE iceberg_tables", "INSERT INTO iceberg_tables")):
            return
        location = next(value for value in parameters if str(value).endswith(".metadata.json"))
        needed = files_of(location)
        folders = {folder for path in needed for folder in path.parents if lake.home in folder.parents}
        assert needed <= synced
        assert {folder.parent for folder in folders} <= synced  # a folder's name is its parent's data
        assert {path.parent for path in needed} <= synced
        checked.append(statement.split()[0])

    monkeypatch.setattr(os, "fsync", fsync)
    event.listen(lake.engine, "before_cursor_execute", check)
    with lake.manager.run(identity("r1")) as run:
        lake.write(run, "t", "select 1 as id")
        lake.write(run, "t", "select 2 as id", mode="append")
        lake.write(run, "t", "select 2 as id", mode="merge", unique_key=["id"])
        run.publish()
    assert checked == ["INSERT", "UPDATE", "UPDATE", "UPDATE"]


@pytest.mark.embedded
@pytest.mark.requirement("FR-022")
def test_our_sqlite_connections_sync_fully_and_wait_for_others(lake: Lake) -> None:
    with lake.engine.connect() as connection:
        assert connection.exec_driver_sql("pragma synchronous").scalar() == 3
        assert connection.exec_driver_sql("pragma busy_timeout").scalar() == 60_000


@pytest.mark.embedded
@pytest.mark.requirement("FR-022")
def test_the_catalog_names_neither_our_file_io_nor_our_settings(lake: Lake) -> None:
    lake.publish("r1", "t", "select 1 as id")
    assert dict(lake.manager.properties) == lake.properties
    assert lake.table("t").metadata.properties == {"read.parquet.vectorization.enabled": "false"}
    assert isinstance(lake.plain(), SqlCatalog)
    with sqlite3.connect(lake.home / "catalog.db") as connection:
        locations = connection.execute("select metadata_location from iceberg_tables").fetchall()
    connection.close()
    assert [location.startswith(f"file://{lake.home}/warehouse/shop/t/") for (location,) in locations] == [
        True
    ]
