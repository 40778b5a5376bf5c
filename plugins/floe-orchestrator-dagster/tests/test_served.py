"""A product under one real webserver and daemon, used as people use the UI."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from floe_core.ledger import Ledger
from floe_core.run_lock import is_alive
from testing.dagster_ui import DagsterUI, catalog_held, dagster_ui
from testing.polling import wait_for
from testing.production_line import MODELS, ProductionLine, open_line

pytestmark = pytest.mark.xdist_group("served")

_RUN = "import sys; from floe_core.cli import main; sys.argv = ['floe', 'run']; main()"
_UNDISTURBED = [{"id": n, "amount": 7 * n + 5} for n in range(100)]  # of m6


@dataclass(frozen=True)
class Served:
    """The line, the UI on it, and what the health sensor said while the catalog was away."""

    line: ProductionLine
    ui: DagsterUI
    waited_for: str
    first_run: str

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.line.state_dir)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Served while its catalog is away; then the catalog is back, and the first run done."""
    line = open_line(tmp_path_factory.mktemp("served") / "line")
    location, _ = line.compile()
    line.state_dir.mkdir(exist_ok=True)
    with ExitStack() as away:
        away.enter_context(catalog_held(line.state_dir))
        with dagster_ui([location]) as ui:
            reason = wait_for(lambda: _skipped(ui), timeout_s=300, interval_s=0.5)
            away.close()
            first = wait_for(ui.runs, timeout_s=300, interval_s=0.5)[-1]["runId"]
            assert ui.ended(first) == "SUCCESS"
            yield Served(line, ui, reason, first)


def _skipped(ui: DagsterUI) -> str:
    ticks = ui.ticks("line", "line_first_run")
    return next((tick["skipReason"] for tick in ticks if tick["status"] == "SKIPPED"), "")


@pytest.mark.requirement("FR-029", "FR-033", "WU-3", "TQR-003")
def test_the_health_sensor_waits_for_the_catalog_then_starts_the_run_that_fills_the_tables(
    served: Served,
) -> None:
    assert served.waited_for == (
        f"waiting for catalog: the catalog '{served.line.state_dir}/catalog.db' cannot be read:"
        " database is locked"
    )
    started = [t["runIds"] for t in served.ui.ticks("line", "line_first_run") if t["status"] == "SUCCESS"]
    assert started == [[served.first_run]]
    assert served.ledger.newest(served.first_run).published
    assert served.line.rows()["m6"] == _UNDISTURBED


@pytest.mark.requirement("FR-020", "FR-027")
def test_materialize_selected_is_one_transaction_told_model_by_model(served: Served) -> None:
    before = served.line.published()

    run_id = served.ui.materialize("line", ["m5", "m6"])

    assert served.ui.ended(run_id) == "SUCCESS"
    after = served.line.published()
    assert {name for name in after if after[name][0] != before[name][0]} == {"m5", "m6"}
    assert served.ui.materialized(run_id) == {name: str(after[name][0]) for name in ("m5", "m6")}
    assert [m.name for m in served.ledger.newest(run_id).models] == ["m5", "m6"]
    for number, name in ((1, "m5"), (2, "m6")):
        assert len(served.ui.said(run_id, f"{name}: {number} of 2 START sql table model line.{name}")) == 1
        assert (
            len(served.ui.said(run_id, f"{name}: {number} of 2 OK created sql table model line.{name}")) == 1
        )
    assert len(served.ui.said(run_id, "published 2 tables")) == 1


@pytest.mark.requirement("FR-027")
def test_cancel_in_the_ui_stops_dbt_and_publishes_nothing(served: Served) -> None:
    before = served.line.published()
    served.line.block()
    try:
        run_id = served.ui.launch("line")
        wait_for(served.line.is_at_fourth, timeout_s=300)
        served.ui.terminate(run_id)
        status = served.ui.ended(run_id)
    finally:
        served.line.open()

    run = served.ledger.newest(run_id)
    assert (status, run.state, run.published, run.reason) == ("CANCELED", "cancelled", False, "interrupted")
    assert served.line.published() == before
    assert served.ui.materialized(run_id) == {}


@pytest.mark.slow
@pytest.mark.requirement("FR-027", "FR-028", "TQR-003")
def test_a_run_killed_in_its_fourth_model_fails_and_goes_on_from_there_in_the_ui(served: Served) -> None:
    before = served.line.published()
    served.line.block()
    try:
        run_id = served.ui.launch("line")
        wait_for(served.line.is_at_fourth, timeout_s=300)
        os.kill(served.ui.pid(run_id), signal.SIGKILL)
        status = served.ui.ended(run_id, timeout_s=300)
    finally:
        served.line.open()
    wait_for(lambda: served.ledger.newest(run_id).state == "failed", timeout_s=300)
    killed, during = served.line.written_of(run_id), served.line.published()

    again = served.ui.re_execute_from_failure(run_id)

    assert (status, served.ui.ended(again), during) == ("FAILURE", "SUCCESS", before)
    assert (served.ui.run(again)["rootRunId"], served.ledger.newest(run_id).attempt) == (run_id, 2)
    states = {model.name: model.state for model in served.ledger.newest(run_id).models}
    assert states == dict.fromkeys(MODELS[:3], "reused") | dict.fromkeys(MODELS[3:], "succeeded")
    after = served.line.published()
    assert {name: after[name][0] for name in MODELS[:3]} == killed
    assert served.ui.materialized(again) == {name: str(after[name][0]) for name in MODELS}
    assert served.line.rows()["m6"] == _UNDISTURBED
    assert served.ledger.attempt(run_id, 1).reason == "its process ended without a word"


@pytest.mark.slow
@pytest.mark.requirement("FR-027", "FR-028")
def test_a_floe_run_that_is_killed_reads_failure_in_the_ui_with_the_reason(served: Served) -> None:
    served.line.block()
    try:
        process = subprocess.Popen([sys.executable, "-c", _RUN], cwd=served.line.home)
        wait_for(served.line.is_at_fourth, timeout_s=300)
        [run] = served.ledger.running()
        process.kill()
        process.wait(timeout=120)
        assert not is_alive(served.line.state_dir, run.run_id)
        status = served.ui.ended(run.run_id, timeout_s=300)
    finally:
        served.line.open()

    assert (status, served.ledger.newest(run.run_id).state) == ("FAILURE", "failed")
    assert len(served.ui.said(run.run_id, "its process ended without a word")) == 1
