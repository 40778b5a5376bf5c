"""What starts a run besides the clock, and what finds a dead one."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest
from dagster._core.definitions.sensor_definition import SensorExecutionData

from floe_core.errors import SpecError
from floe_core.lake import RunIdentity
from floe_core.ledger import Ledger
from floe_core.platform import Platform
from floe_core.run_lock import run_lock
from floe_iceberg import IcebergTableManager, TableId
from floe_orchestrator_dagster import DagsterOrchestratorPlugin
from floe_orchestrator_dagster.definitions import load_definitions
from floe_orchestrator_dagster.instance import open_instance
from floe_orchestrator_dagster.platform_location import dead_run_sensor
from floe_orchestrator_dagster.sensors import health_check_sensor
from testing.dagster_ui import catalog_held
from testing.shop import Shop, open_shop_and_office


def definitions(shop: Shop) -> dg.RepositoryDefinition:
    location, _ = shop.compile()
    manifest = "../../../manifest.yaml" if location.manifest_path else None
    file = str(location.generated_dir / "definitions.py")
    return load_definitions(file, manifest=manifest).get_repository_def()


@pytest.mark.requirement("FR-029", "WU-3", "FR-033")
def test_the_health_sensor_names_its_job_and_asks_for_the_first_run_once(shop: Shop) -> None:
    sensor = definitions(shop).get_sensor_def("corner_shop_first_run")

    with open_instance(shop.state_dir) as instance:
        first = sensor.evaluate_tick(dg.build_sensor_context(instance=instance))
        shop.run()
        later = sensor.evaluate_tick(dg.build_sensor_context(instance=instance))

    assert sensor.job_name == "corner_shop"
    assert [request.run_key for request in first.run_requests or ()] == ["first run"]
    assert not later.run_requests
    assert later.skip_message == "the product has run before"


@pytest.mark.requirement("FR-029")
def test_the_health_sensor_says_what_it_waits_for_and_asks_ever_less_often(shop: Shop) -> None:
    location, artifacts = shop.compile()
    times = iter([1000.0, 1000.0, 1004.0, 1010.0, 1010.0, 1030.0])
    sensor = health_check_sensor(
        location, artifacts, dg.define_asset_job("corner_shop"), clock=lambda: next(times)
    )
    said: list[str] = []
    cursor = None

    shop.state_dir.mkdir(exist_ok=True)
    with dg.DagsterInstance.ephemeral() as instance:
        with catalog_held(shop.state_dir):
            for _ in range(3):
                tick = sensor.evaluate_tick(dg.build_sensor_context(cursor=cursor, instance=instance))
                said.append(tick.skip_message or "")
                cursor = tick.cursor
        tick = sensor.evaluate_tick(dg.build_sensor_context(cursor=cursor, instance=instance))

    locked = f"catalog: the catalog '{shop.state_dir}/catalog.db' cannot be read: database is locked"
    assert said == [
        f"waiting for {locked}",
        f"waiting for {locked}; asking again in 6 s",
        f"waiting for {locked}",
    ]
    assert [request.run_key for request in tick.run_requests or ()] == ["first run"]


@pytest.mark.requirement("FR-014", "FR-033")
def test_a_product_that_reads_another_runs_when_that_one_has_published(tmp_path: Path) -> None:
    shop, office = open_shop_and_office(tmp_path)
    repository = definitions(office)
    sensor = repository.get_sensor_def("head_office_upstream_changed")
    graph, read = repository.asset_graph, dg.AssetKey(["corner-shop", "mart_total"])

    with open_instance(shop.state_dir) as instance:

        def tick(cursor: str | None = None) -> SensorExecutionData:
            return sensor.evaluate_tick(dg.build_sensor_context(instance=instance, cursor=cursor))

        before = tick()
        shop.run()
        first = tick(before.cursor)
        office.run()
        quiet = tick(first.cursor)
        shop.run("stg_sales")
        other_table = tick(first.cursor)
        shop.run("mart_total")
        again = tick(first.cursor)

    assert graph.get(dg.AssetKey(["head-office", "report"])).parent_keys == {read}
    assert not graph.get(read).is_executable
    assert before.skip_message == "nothing published yet of 'corner-shop.mart_total'"
    assert [dict(request.tags)["floe/upstream"] for request in first.run_requests or ()] == [
        "corner-shop.mart_total"
    ]
    assert office.published()["report"][1] == [{"doubled": 120}]
    assert quiet.skip_message == other_table.skip_message == "no new snapshot of 'corner-shop.mart_total'"
    assert len(again.run_requests or ()) == 1
    assert sensor.job_name == "head_office"


@pytest.mark.requirement("FR-027", "FR-028")
def test_the_platforms_sensor_tells_ledger_and_dagster_of_runs_whose_process_is_gone(shop: Shop) -> None:
    location, artifacts = shop.compile()
    sensor = dead_run_sensor({"corner-shop": location})
    ledger, plugin = Ledger(shop.state_dir), DagsterOrchestratorPlugin()
    plugin.write_workspace([location])
    with open_instance(shop.state_dir) as instance:
        job = definitions(shop).get_job("corner_shop")
        runs = [instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED) for _ in range(2)]
        dead, alive = (RunIdentity(run.run_id, 1, run.run_id, "dev", artifacts.digest, "t") for run in runs)
        for identity in (dead, alive):
            ledger.begin(identity, engine_run_id=identity.run_id)
        with run_lock(shop.state_dir, alive.run_id):
            told = sensor.evaluate_tick(dg.build_sensor_context(instance=instance)).skip_message
            found = {run.run_id: run.status for run in instance.get_runs()}
        [failure] = instance.all_logs(dead.run_id, of_type=dg.DagsterEventType.PIPELINE_FAILURE)

    reason = "its process ended without a word"
    assert told == f"run '{dead.run_id}' of corner_shop: {reason}"
    assert found == {
        dead.run_id: dg.DagsterRunStatus.FAILURE,
        alive.run_id: dg.DagsterRunStatus.STARTED,
    }
    assert failure.message == reason
    assert {run.run_id: (run.state, run.reason) for run in ledger.runs()} == {
        dead.run_id: ("failed", reason),
        alive.run_id: ("running", None),
    }


@pytest.mark.requirement("FR-030")
@pytest.mark.parametrize(("policy", "requests"), [("once", 1), ("never", 0)])
def test_a_time_missed_by_an_hour_is_made_up_for_as_the_policy_says(
    shop: Shop, policy: str, requests: int
) -> None:
    shop.write("floe.yaml", f"metadata: {{name: corner-shop}}\nschedule: {{every: 10m, catchUp: {policy}}}\n")
    schedule = definitions(shop).get_schedule_def("corner_shop_schedule")

    def tick(ago: timedelta) -> dg.ScheduleEvaluationResult:
        context = dg.build_schedule_context(
            instance=instance, scheduled_execution_time=datetime.now(UTC) - ago
        )
        return schedule.evaluate_tick(context)

    with open_instance(shop.state_dir) as instance:
        late, on_time = tick(timedelta(hours=1)), tick(timedelta(seconds=20))

    assert (len(late.run_requests or ()), len(on_time.run_requests or ())) == (requests, 1)
    assert late.skip_message in (None, "missed by 60 minutes, and 'catchUp' is 'never'")


@pytest.mark.requirement("FR-014", "FR-029", "FR-030")
def test_a_run_that_waits_for_its_process_keeps_clock_and_sensors_from_starting_another(shop: Shop) -> None:
    shop.write("floe.yaml", "metadata: {name: corner-shop}\nschedule: {every: 10m}\n")
    repository = definitions(shop)
    sensor, schedule = (
        repository.get_sensor_def("corner_shop_first_run"),
        repository.get_schedule_def("corner_shop_schedule"),
    )
    job = repository.get_job("corner_shop")
    with open_instance(shop.state_dir) as instance:
        *_others, waiting = (
            instance.create_run_for_job(job, status=status, tags=tags)
            for status, tags in (
                (dg.DagsterRunStatus.SUCCESS, job.tags),
                (dg.DagsterRunStatus.STARTED, {"floe/product": "another"}),
                (dg.DagsterRunStatus.NOT_STARTED, job.tags),
            )
        )
        told = []
        for _ in range(2):
            asked = sensor.evaluate_tick(dg.build_sensor_context(instance=instance))
            ticked = schedule.evaluate_tick(
                dg.build_schedule_context(instance=instance, scheduled_execution_time=datetime.now(UTC))
            )
            told.append((asked.skip_message, len(asked.run_requests or ()), ticked.skip_message))
            instance.report_run_canceled(waiting)

    going = f"run '{waiting.run_id}' of product 'corner-shop' is about to start"
    assert told == [(going, 0, going), (None, 1, None)]


def publish_again(shop: Shop, table: str, *, times: int) -> None:
    """Runs of one write each, without what orchestrates them."""
    location, artifacts = shop.compile()
    platform = Platform(artifacts.plugins)
    lake = platform.catalog.open(platform.storage, location.state_dir)
    assert isinstance(lake, IcebergTableManager)
    with closing(lake), duckdb.connect() as connection:
        for number in range(times):
            identity = RunIdentity(f"again-{number}", 1, shop.product, "dev", artifacts.digest, "t")
            with lake.run(identity) as run:
                sql, place = f"select {number} as id, 1 as amount", TableId(shop.product, table)
                run.write(connection, place, sql, model=table, mode="overwrite")
                run.publish()


@pytest.mark.requirement("FR-032", "WU-3")
def test_the_platforms_maintenance_keeps_six_snapshots_of_every_product(shop: Shop) -> None:
    location, _ = shop.compile()
    shop.run("raw_sales")
    publish_again(shop, "raw_sales", times=7)
    before = shop.snapshots("raw_sales")
    plugin = DagsterOrchestratorPlugin(maintain_every="30m")
    file = plugin.write_workspace([location]).with_name("dagster") / "platform_definitions.py"
    module: dict[str, Any] = {"__file__": str(file)}
    exec(file.read_text(), module)  # as Dagster loads it
    platform: dg.Definitions = module["defs"]

    done = platform.resolve_job_def("maintenance").execute_in_process()

    [schedule] = platform.get_repository_def().schedule_defs
    assert (schedule.job_name, schedule.cron_schedule) == ("maintenance", "*/30 * * * *")
    assert (len(before), done.success) == (8, True)
    assert shop.snapshots("raw_sales") == before[-6:]


@pytest.mark.requirement("FR-087")
def test_dagster_home_is_where_history_goes_and_refused_where_it_is_no_folder(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "history")
    with pytest.raises(SpecError, match="DAGSTER_HOME is 'history', which is no absolute path of a folder"):
        shop.run()
    home = tmp_path / "history"
    home.mkdir()
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    monkeypatch.setenv("DAGSTER_HOME", str(home))

    result = shop.run()

    assert [run.run_id for run in shop.dagster_runs()] == [result.run_id]
    assert (home / "dagster.yaml").read_text() == "telemetry: {enabled: false}\n"
    assert not (shop.state_dir / "dagster" / "history").exists()
