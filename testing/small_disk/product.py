"""A product whose disk fills up at any point of ``floe run``: the tables, the ledger, Dagster's databases."""

from __future__ import annotations

import json
import os
import time
from importlib import import_module
from pathlib import Path
from typing import Any

from testing.command_line import Result, floe, write
from testing.small_disk.filler import only

_FILES = {
    "floe.yaml": "metadata: {name: shop}\n",
    "dbt_project.yml": "name: shop\nversion: '1.0'\nprofile: shop\n",
    "models/small.sql": "select range as id from range(10)\n",
    "models/large.sql": "select id, md5((id * 1000 + range)::varchar) as noise "
    "from {{ ref('small') }}, range(300)\n",
}
_SECONDS = 120  # far above what a run takes, far below what a person would call a hang
_ROOM = (0, 16, 40, 64, 80, 100, 130, 400)  # pages


def prove(disk: Path) -> list[str]:
    """Lines that say what was tried; AssertionError where the disk's end was not told or did harm."""
    home = disk / "shop"
    write(home, _FILES)
    os.environ["PYTHONWARNINGS"] = "ignore"  # a fork leaves what it shares with us to us
    _preload()
    assert _called(home, "run").status == 0
    failed = 0
    for pages in _ROOM:
        before = _versions(home)
        with only(pages, disk):
            result = _called(home, "run", "--output", "json")
        if result.status == 0:
            continue
        failed += 1
        assert result.status == 1, result
        told = " ".join((result.stdout + result.stderr).split())
        assert " free" in told, told
        assert ".floe" in told, told
        if _versions(home) == before:
            _retried(home, result)
        else:  # Dagster writes its record of a run after it is published
            last = _last_run(home)
            assert (last["state"], last["published"]) == ("succeeded", True), last
        after = _versions(home)
        assert after.keys() == before.keys()
        assert all(after[name] != before[name] for name in before)
    assert 3 <= failed < len(_ROOM), failed
    return [f"product: {len(_ROOM)} runs, {failed} ended by a full disk, told with path and room, retried"]


def _retried(home: Path, failed: Result) -> None:
    """The rest is done: by a retry where a run was begun, by a run where there was no room to begin one."""
    verb = "retry" if _last_run(home)["state"] == "failed" else "run"
    again = _called(home, verb, "--output", "json")
    assert again.status == 0, again
    done = json.loads(failed.stdout).get("models", []) if failed.stdout else []
    if verb == "retry" and done:
        states = {model["name"]: model["state"] for model in json.loads(again.stdout)["models"]}
        kept = {model["name"] for model in done if model["state"] in ("succeeded", "reused")}
        assert {name for name, state in states.items() if state == "reused"} == kept, states
    _called(home, "maintain")


def _last_run(home: Path) -> dict[str, Any]:
    last: dict[str, Any] = json.loads(_called(home, "runs", "--output", "json").stdout)["runs"][0]
    return last


def _versions(home: Path) -> dict[str, str]:
    status = _called(home, "status", "--output", "json")
    assert status.status == 0, status
    tables = json.loads(status.stdout)["products"][0]["tables"]
    return {table["name"]: table["snapshot_id"] for table in tables}


def _preload() -> None:
    """Import what every call needs, so that no fork has to."""
    for module in ("dagster", "dbt.cli.main", "floe_dbt.building", "floe_orchestrator_dagster.execution"):
        import_module(module)


def _called(home: Path, *arguments: str) -> Result:
    """floe in a fork, as a process of its own would run it."""
    reader, writer = os.pipe()
    started = time.monotonic()
    child = os.fork()
    if child == 0:
        os.chdir(home)
        result = floe(*arguments)
        with os.fdopen(writer, "w") as pipe:
            json.dump([result.status, result.stdout, result.stderr], pipe)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        told: list[Any] = json.loads(pipe.read())
    os.waitpid(child, 0)
    assert time.monotonic() - started < _SECONDS, arguments
    return Result(*told)
