"""Runs on a disk that is full at their writes or at their publishing, the catalog's own commit included."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb

from floe_core.errors import WorkError
from floe_core.lake import RunIdentity
from floe_iceberg import RunTransaction
from testing.lake import Lake
from testing.small_disk.filler import only

_NAMES = ("a", "b")
_MOST_PAGES = 60
_PLENTY = 1000
_ROWS = 2000  # of 20 bytes that cannot be made fewer


def prove(disk: Path) -> list[str]:
    """Lines that say what was tried; AssertionError where the disk's end was not told or did harm."""
    told = []
    for pages in range(0, _MOST_PAGES, 2):
        lake = Lake(disk / "lake")
        assert _tried(lake, "base", _PLENTY, at_publish=False) == ""
        told.append(_tried(lake, f"write-{pages}", pages, at_publish=False))
        told.append(_tried(lake, f"publish-{pages}", pages, at_publish=True))
        lake.close()
        shutil.rmtree(lake.home)
    failed = [message for message in told if message]
    for place in ("catalog.db", "/shop/a/data/", "/shop/b/data/", "/shop/a'"):
        assert any(place in message for message in failed), f"never full at {place}"
    assert told[-2:] == ["", ""], "never enough room"
    return [f"engine: {len(told)} runs, {len(failed)} ended by a full disk, told with path and room, retried"]


def _tried(lake: Lake, run_id: str, pages: int, *, at_publish: bool) -> str:
    """How the run failed, '' if it did not; a second attempt, with room again, has done the rest."""
    before = _rows(lake)
    con = duckdb.connect()
    written: set[str] = set()
    told, status = "", 0
    with lake.manager.run(_identity(run_id, 1)) as run:
        try:
            if at_publish:
                _write(run, con, lake, run_id)
            with only(pages, lake.home.parent):
                if not at_publish:
                    _write(run, con, lake, run_id)
                run.publish()
        except WorkError as error:
            told, status = str(error.problems[0]), error.exit_status
        written = set(run.written)
    if told:
        assert status == 1
        assert told.startswith(f"FLOE-E510 cannot write below '{lake.home}"), told
        assert " free)" in told
        assert _rows(lake) == before
        with lake.manager.run(_identity(run_id, 2), reuse=written) as run:
            _write(run, con, lake, run_id)
            run.publish()
    for name in _NAMES:
        assert [tag for tag, _ in lake.plain_rows(name)] == [run_id] * _ROWS
        head = lake.table(name).current_snapshot()
        assert head is not None
        assert head.summary is not None
        assert head.summary["floe.attempt"] == ("1" if not told or name in written else "2")
    con.close()
    return told


def _rows(lake: Lake) -> dict[str, list[tuple[object, ...]]]:
    return {table.name: lake.plain_rows(table.name) for table in lake.manager.tables()}


def _write(run: RunTransaction, con: duckdb.DuckDBPyConnection, lake: Lake, run_id: str) -> None:
    for name in _NAMES:
        if name not in run.written:
            sql = f"select '{run_id}' as tag, md5(range::varchar) as noise from range({_ROWS})"
            run.write(con, lake.id(name), sql, model=name, mode="overwrite")


def _identity(run_id: str, attempt: int) -> RunIdentity:
    return RunIdentity(run_id, attempt, "shop", "dev", "d1ce57", "7ace")
