"""What was run before: the ledger, the catalog, and what is left lying about."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from floe_core.cli.doctor.finding import Finding
from floe_core.cli.maintaining import size
from floe_core.cli.outcome import short
from floe_core.cli.output import counted
from floe_core.cli.stores import store_of
from floe_core.compilation.plan import ChosenPlugins
from floe_core.errors import ConflictError, Problem, WorkError, shown
from floe_core.ledger import LEDGER_NAME, Ledger
from floe_core.location import Location
from floe_core.maintenance import maintain
from floe_core.plugins.storage import StoragePlugin
from floe_core.plugins.types import PluginType
from floe_core.recovery import dead_runs


def ledger(state_dir: Path) -> Iterator[Finding]:
    """Whether the ledger is whole, of this version, and without runs whose process died."""
    path = state_dir / LEDGER_NAME
    if not path.exists():
        yield Finding("ledger", "nothing has run here yet")
        return
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        [state] = connection.execute("pragma quick_check(1)").fetchone()
        version = connection.execute("pragma user_version").fetchone()[0]
    if state != "ok":
        hint = f"the tables are fine, only the history of runs is lost: rm {shown(path)}"
        raise WorkError(Problem("FLOE-E036", f"the ledger '{shown(path)}' is damaged: {state}", hint=hint))
    runs = Ledger(state_dir).runs(limit=-1)
    yield Finding("ledger", f"version {version}, {counted(len(runs), 'attempt')}")
    dead = tuple(_dead(run.run_id, run.product) for run in dead_runs(state_dir, Ledger(state_dir)))
    yield Finding("runs", "none is dead", dead)


def catalog(location: Location, plugins: ChosenPlugins) -> Iterator[Finding]:
    """Whether the catalog opens; the engine is imported only where something was run."""
    if not _has_run(location.state_dir):
        yield Finding("tables", "none yet")
        return
    storage = plugins.by_type[PluginType.STORAGE].plugin
    assert isinstance(storage, StoragePlugin)  # the registry has checked each class against its type
    tables = plugins.catalog.open(storage, location.state_dir).tables()
    yield Finding("tables", f"{len(tables):,} published")


def leftovers(location: Location) -> Iterator[Finding]:
    """What runs that failed and files nobody needs still take, as maintenance would find them."""
    store = store_of(location)  # raises for an artifact that cannot be read, whether anything ran or not
    if store is None or not _has_run(location.state_dir):
        return
    if dead_runs(location.state_dir, Ledger(location.state_dir)):
        return
    what = f"leftovers of {store.artifacts.metadata.product_name}"
    try:
        reports = maintain(location, store.artifacts, dry_run=True)
    except ConflictError as error:
        yield Finding(what, f"not looked for: {error.problems[0].message}")
        return
    runs = {run for report in reports for run in report.runs_let_go}
    files = sum(report.files_removed + report.files_waiting for report in reports)
    room = size(sum(report.bytes_removed + report.bytes_waiting for report in reports))
    told = f"{counted(files, 'file')} ({room}) that nobody needs, of {counted(len(runs), 'failed run')}"
    left = Problem("FLOE-E038", told, hint="floe maintain", severity="warning")
    yield Finding(what, "none", (left,) if runs else ())


def port(location: Location, plugins: ChosenPlugins, number: int) -> Iterator[Finding]:
    """Whether the UI could be served, or is."""
    served = plugins.orchestrator.serving(location.state_dir)
    if served:
        yield Finding("UI", f"being served at {served.url}")
        return
    try:
        plugins.orchestrator.check_port(location.state_dir, number)
    except WorkError as error:
        taken = (Problem(p.code, p.message, hint=p.hint, severity="warning") for p in error.problems)
        yield Finding("UI", problems=tuple(taken))
        return
    yield Finding("UI", f"port {number} is free")


def _has_run(state_dir: Path) -> bool:
    return (state_dir / LEDGER_NAME).exists() or any(state_dir.glob("warehouse/*/*/metadata"))


def _dead(run_id: str, product: str) -> Problem:
    message = f"run {short(run_id)} of '{product}' is called running, and its process is gone"
    return Problem("FLOE-E037", message, hint="floe runs", severity="warning")
