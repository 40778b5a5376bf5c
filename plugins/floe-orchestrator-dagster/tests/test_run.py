"""Runs of the job in this process, on the instance that a UI would read."""

from __future__ import annotations

import signal
import subprocess
import sys

import dagster as dg
import pytest

from floe_core.errors import ConflictError, SpecError
from floe_core.events import ModelFinished, Published, RunEvent
from floe_core.lake import RunIdentity
from floe_core.ledger import Ledger
from floe_core.run_lock import run_lock
from testing.openlineage import violations
from testing.openlineage.receiver import lineage_receiver
from testing.openlineage.stored import Event, by_job, stored_events
from testing.polling import wait_for
from testing.shop import Shop

MATERIALIZATION = dg.DagsterEventType.ASSET_MATERIALIZATION
CHECK = dg.DagsterEventType.ASSET_CHECK_EVALUATION


@pytest.mark.requirement("FR-020", "FR-022", "TQR-003", "TQR-014")
def test_a_run_materializes_what_was_published_and_says_so_with_rows_and_snapshot(shop: Shop) -> None:
    seen: list[RunEvent] = []
    result = shop.run(observe=seen.append)

    tables = shop.published()
    assert {name: rows for name, (_, rows) in tables.items()} == {
        "raw_sales": [{"id": 1, "amount": 10}, {"id": 2, "amount": 20}, {"id": 3, "amount": 30}],
        "stg_sales": [{"id": 1, "amount": 10}, {"id": 2, "amount": 20}, {"id": 3, "amount": 30}],
        "mart_total": [{"total": 60}],
    }
    [run] = shop.dagster_runs()
    assert (run.run_id, run.status, run.job_name) == (
        result.run_id,
        dg.DagsterRunStatus.SUCCESS,
        "corner_shop",
    )
    assert (result.state, result.published, result.attempt) == ("succeeded", True, 1)
    assert {m.name: m.snapshot_id for m in result.models} == {n: s for n, (s, _) in tables.items()}
    assert _materialized(shop, run.run_id) == {
        name: (len(rows), len(rows), str(snapshot)) for name, (snapshot, rows) in tables.items()
    }
    assert _lineage_and_version(shop, run.run_id) == {
        "raw_sales": ({}, str(tables["raw_sales"][0])),
        "stg_sales": (
            {"id": [("raw_sales", "id")], "amount": [("raw_sales", "amount")]},
            str(tables["stg_sales"][0]),
        ),
        "mart_total": ({"total": [("stg_sales", "amount")]}, str(tables["mart_total"][0])),
    }
    assert seen[-1] == Published(tables=3)
    assert [e.rows for e in seen if isinstance(e, ModelFinished)] == [3, 3, 1]


@pytest.mark.requirement("FR-024")
def test_each_dbt_test_is_a_check_of_the_asset_it_is_about(shop: Shop) -> None:
    result = shop.run()

    evaluations = [event.asset_check_evaluation_data for event in shop.dagster_events(result.run_id, CHECK)]
    assert {(e.asset_key.path[-1], e.check_name, e.passed) for e in evaluations} == {
        ("stg_sales", "unique_stg_sales_id", True),
        ("stg_sales", "not_null_stg_sales_id", True),
        ("mart_total", "not_null_mart_total_total", True),
    }


@pytest.mark.requirement("FR-027")
def test_a_value_that_fails_while_running_fails_the_run_and_publishes_nothing(shop: Shop) -> None:
    shop.run()
    before = shop.published()
    shop.write("seeds/raw_sales.csv", "id,amount\n1,10\n2,twenty\n")
    shop.write(
        "models/staging/stg_sales.sql",
        "select id, cast(amount as integer) as amount from {{ ref('raw_sales') }}\n",
    )

    result = shop.run()

    assert (result.state, result.published) == ("failed", False)
    assert "model 'stg_sales' failed: " in (result.reason or "")
    assert "twenty" in (result.reason or "")
    assert {m.name: m.state for m in result.models} == {
        "raw_sales": "succeeded",
        "stg_sales": "failed",
        "mart_total": "skipped",
    }
    assert shop.published() == before
    run = next(r for r in shop.dagster_runs() if r.run_id == result.run_id)
    assert run.status == dg.DagsterRunStatus.FAILURE
    assert _materialized(shop, run.run_id) == {}
    [failure] = shop.dagster_events(run.run_id, dg.DagsterEventType.STEP_FAILURE)
    told = failure.step_failure_data.user_failure_data
    assert (told and told.description) == result.reason
    events = stored_events(shop.state_dir, result.run_id)
    assert _types(events) == {
        "corner-shop": ["START", "FAIL"],
        "corner-shop.raw_sales": ["START", "COMPLETE"],
        "corner-shop.stg_sales": ["START", "FAIL"],
    }
    assert [problem for event in events for problem in violations(event)] == []
    error = by_job(events)["corner-shop.stg_sales"][-1]["run"]["facets"]["errorMessage"]
    assert (error["programmingLanguage"], "twenty" in error["message"]) == ("SQL", True)
    assert by_job(events)["corner-shop"][-1]["run"]["facets"]["errorMessage"]["message"] == result.reason
    assert {event["run"]["facets"]["floe"]["traceId"] for event in events} == {result.trace_id}


@pytest.mark.requirement("FR-024", "FR-027")
def test_a_failing_test_publishes_nothing_and_shows_as_a_failed_check(shop: Shop) -> None:
    shop.run()
    before = shop.published()
    shop.write("seeds/raw_sales.csv", "id,amount\n1,10\n1,20\n")

    result = shop.run()

    assert (result.state, result.published) == ("failed", False)
    assert result.reason == "test 'unique_stg_sales_id' failed: 1 row breaks it"
    assert shop.published() == before
    failed = [
        e.asset_check_evaluation_data
        for e in shop.dagster_events(result.run_id, CHECK)
        if not e.asset_check_evaluation_data.passed
    ]
    assert [(e.asset_key.path[-1], e.check_name) for e in failed] == [("stg_sales", "unique_stg_sales_id")]
    assert _materialized(shop, result.run_id) == {}


@pytest.mark.requirement("FR-020")
def test_a_selection_runs_and_publishes_only_its_models(shop: Shop) -> None:
    shop.run()
    before = shop.published()

    result = shop.run("mart_total")

    after = shop.published()
    assert [m.name for m in result.models] == ["mart_total"]
    assert set(_materialized(shop, result.run_id)) == {"mart_total"}
    assert {n for n in after if after[n][0] != before[n][0]} == {"mart_total"}


@pytest.mark.requirement("FR-020")
def test_a_selection_of_nothing_is_refused_and_recorded(shop: Shop) -> None:
    with pytest.raises(SpecError, match="no_such_model"):
        shop.run("no_such_model")

    [run] = Ledger(shop.state_dir).runs()
    assert (run.state, run.published) == ("failed", False)


@pytest.mark.requirement("FR-020")
def test_a_second_run_while_one_is_going_is_told_which(shop: Shop) -> None:
    location, artifacts = shop.compile()
    other = RunIdentity("11111111-aaaa", 1, "corner-shop", "dev", artifacts.digest, "t")
    with run_lock(location.state_dir, other.run_id):
        Ledger(location.state_dir).begin(other, engine_run_id=None)
        with pytest.raises(ConflictError, match="'corner-shop' is already running: run '11111111-aaaa'"):
            shop.run()

    assert shop.published() == {}
    assert shop.run().state == "succeeded"
    assert {run.run_id: run.state for run in Ledger(shop.state_dir).runs()}["11111111-aaaa"] == "failed"


_SLOW = "select count(*) as total from range(1000000) a, range(1000000) b, {{ ref('stg_sales') }}\n"
_RUN = "import sys; from floe_core.cli import main; sys.argv = ['floe', 'run']; main()"


@pytest.mark.requirement("FR-027", "FR-028")
@pytest.mark.parametrize(
    ("sent", "exit_code", "state", "status", "reason"),
    [
        (signal.SIGINT, 130, "cancelled", "CANCELED", "interrupted"),
        pytest.param(signal.SIGTERM, 130, "cancelled", "CANCELED", "interrupted", marks=pytest.mark.slow),
        pytest.param(signal.SIGHUP, 130, "cancelled", "CANCELED", "interrupted", marks=pytest.mark.slow),
        (signal.SIGKILL, -9, "failed", "FAILURE", "its process ended without a word"),
    ],
)
def test_a_run_ended_from_outside_publishes_nothing_and_is_on_record_when_the_next_has_run(
    shop: Shop, sent: int, exit_code: int, state: str, status: str, reason: str
) -> None:
    shop.run()
    before = shop.published()
    good = (shop.home / "models/marts/mart_total.sql").read_text()
    shop.write("models/marts/mart_total.sql", _SLOW)
    process = subprocess.Popen([sys.executable, "-c", _RUN], cwd=shop.home, stderr=subprocess.PIPE)
    ended = wait_for(lambda: _models(shop, "stg_sales"), timeout_s=300)
    process.send_signal(sent)
    _, told = process.communicate(timeout=300)
    during = shop.published()
    shop.write("models/marts/mart_total.sql", good)

    result = shop.run()

    assert (process.returncode, ended, during) == (exit_code, ["succeeded"], before)
    assert b"Traceback" not in told
    assert (result.state, result.published) == ("succeeded", True)
    [_, broken, _] = reversed(Ledger(shop.state_dir).runs())
    assert (broken.state, broken.published, broken.reason) == (state, False, reason)
    dagster = next(run for run in shop.dagster_runs() if run.run_id == broken.run_id)
    assert dagster.status.value == status
    told_of = _types(stored_events(shop.state_dir, broken.run_id))
    assert told_of["corner-shop"] == ["START", "ABORT" if state == "cancelled" else "FAIL"]
    assert told_of["corner-shop.stg_sales"] == ["START", "COMPLETE"]
    assert [types for types in told_of.values() if len(types) != 2] == []


@pytest.mark.slow
@pytest.mark.requirement("FR-027", "FR-041")
def test_a_receiver_elsewhere_hears_how_the_model_ended_that_a_killed_run_was_at(shop: Shop) -> None:
    with lineage_receiver() as marquez:
        lineage = f"{{type: marquez, config: {{url: '{marquez.url}'}}}}"
        shop.write("manifest.yaml", f"metadata: {{name: local}}\nplugins: {{lineage: {lineage}}}\n")
        good = (shop.home / "models/marts/mart_total.sql").read_text()
        shop.write("models/marts/mart_total.sql", _SLOW)
        process = subprocess.Popen([sys.executable, "-c", _RUN], cwd=shop.home, stderr=subprocess.PIPE)
        wait_for(lambda: "START" in _types(marquez.events).get("corner-shop.mart_total", []), timeout_s=300)
        process.kill()
        process.communicate(timeout=300)
        [killed] = Ledger(shop.state_dir).running()
        shop.write("models/marts/mart_total.sql", good)
        shop.run()

    told = _types([each for each in marquez.events if _run_of(each) == killed.run_id])
    assert {job: (set(types), types[-1]) for job, types in told.items()} == {
        "corner-shop": ({"START", "FAIL"}, "FAIL"),
        "corner-shop.raw_sales": ({"START", "COMPLETE"}, "COMPLETE"),
        "corner-shop.stg_sales": ({"START", "COMPLETE"}, "COMPLETE"),
        "corner-shop.mart_total": ({"START", "FAIL"}, "FAIL"),
    }


def _run_of(event: Event) -> str:
    """The run of floe that the event is part of."""
    return str(event["run"]["facets"]["floe"]["runId"])


def _types(events: list[Event]) -> dict[str, list[str]]:
    """What happened to each job."""
    return {job: [event["eventType"] for event in told] for job, told in by_job(events).items()}


def _models(shop: Shop, name: str) -> list[str]:
    """The states of the model in the run that is going."""
    ledger = Ledger(shop.state_dir)
    going = [ledger.attempt(run.run_id, run.attempt) for run in ledger.running()]
    return [model.state for run in going for model in run.models if model.name == name]


def _materialized(shop: Shop, run_id: str) -> dict[str, tuple[object, ...]]:
    """Rows (twice: ours and Dagster's own key) and snapshot id, by table."""
    return {
        event.materialization.asset_key.path[-1]: tuple(
            event.materialization.metadata[key].value
            for key in ("row_count", "dagster/row_count", "snapshot_id")
        )
        for data in shop.dagster_events(run_id, MATERIALIZATION)
        for event in [data.step_materialization_data]
    }


def _lineage_and_version(
    shop: Shop, run_id: str
) -> dict[str, tuple[dict[str, list[tuple[str, str]]], str | None]]:
    """The columns each column comes from, and the version of the data, by table."""
    found = {}
    for event in shop.dagster_events(run_id, MATERIALIZATION):
        materialization = event.step_materialization_data.materialization
        told = materialization.metadata.get("dagster/column_lineage")
        lineage = told.value if isinstance(told, dg.TableColumnLineageMetadataValue) else None
        found[materialization.asset_key.path[-1]] = (
            {
                column: [(dep.asset_key.path[-1], dep.column_name) for dep in deps]
                for column, deps in (lineage.deps_by_column if lineage else {}).items()
            },
            (materialization.tags or {}).get("dagster/data_version"),
        )
    return found
