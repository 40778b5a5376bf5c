"""Models that are built in batches of time: partitions in Dagster, one transaction for a backfill."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from floe_orchestrator_dagster.definitions import load_definitions
from floe_orchestrator_dagster.instance import open_instance
from testing.dagster_ui import dagster_ui
from testing.shop import Shop, written

TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
DAYS = [f"{TODAY - timedelta(days=ago):%Y-%m-%d}" for ago in (4, 3, 2, 1, 0)]
_FILES = {
    "floe.yaml": "metadata: {name: till}\n",
    "dbt_project.yml": "name: till\nversion: '1.0'\nprofile: till\n",
    "seeds/sales.csv": "id,sold_at\n" + "".join(f"{n},{day} 08:00:00\n" for n, day in enumerate(DAYS)),
    "models/daily.sql": (
        "{{ config(materialized='incremental', incremental_strategy='microbatch',"
        f" event_time='sold_at', batch_size='day', begin='{DAYS[0]}') }}}}\n"
        "select id, sold_at from {{ ref('sales') }}\n"
    ),
    "models/total.sql": "select count(*) as sales from {{ ref('daily') }}\n",
    "models/schema.yml": (
        "seeds: [{name: sales, config: {event_time: sold_at}}]\n"
        "models: [{name: daily, columns: [{name: id, data_tests: [unique]}]}]\n"
    ),
}


@pytest.fixture
def till(tmp_path: Path) -> Shop:
    return written(Shop(tmp_path / "till", "till"), _FILES)


@pytest.mark.requirement("FR-020", "FR-025")
def test_a_backfill_replaces_the_batches_it_names_in_one_transaction(till: Shop) -> None:
    days = [_days()]
    first = till.run()
    days.append(_days())
    till.write("seeds/sales.csv", (till.home / "seeds/sales.csv").read_text() + f"9,{DAYS[1]} 09:00:00\n")
    late = till.run()
    days.append(_days())
    without = _ids(till)
    location, _ = till.compile()
    repository = load_definitions(
        str(location.generated_dir / "definitions.py"), manifest=None
    ).get_repository_def()
    job, daily = repository.get_implicit_global_asset_job_def(), dg.AssetKey(["till", "daily"])
    span = {"dagster/asset_partition_range_start": DAYS[1], "dagster/asset_partition_range_end": DAYS[2]}
    with open_instance(till.state_dir) as instance:
        done = job.get_subset(asset_selection={daily}).execute_in_process(instance=instance, tags=span)

    assert repository.asset_graph.get(daily).partitions_def == dg.DailyPartitionsDefinition(
        DAYS[0], end_offset=1
    )
    assert _partitions(till, first.run_id) in [
        {"sales": [None], "daily": known, "total": [None]} for known in days[:2]
    ]
    assert without == [0, 1, 2, 3, 4]
    assert _partitions(till, late.run_id)["daily"][-2:] in [known[-2:] for known in days[1:]]
    assert _partitions(till, done.run_id) == {"daily": DAYS[1:3]}
    assert _ids(till) == [0, 1, 2, 3, 4, 9]
    [check] = till.dagster_events(done.run_id, dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    assert check.asset_check_evaluation_data.passed


@pytest.mark.slow
@pytest.mark.requirement("FR-020", "FR-025")
def test_a_backfill_in_the_ui_is_one_run_over_its_partitions(till: Shop) -> None:
    till.run()
    till.write("seeds/sales.csv", (till.home / "seeds/sales.csv").read_text() + f"9,{DAYS[1]} 09:00:00\n")
    till.run()
    location, _ = till.compile()
    with dagster_ui([location]) as ui:
        backfill = ui.backfill("till", "daily", DAYS[1:3])
        status = ui.backfill_ended(backfill)
        runs = [run for run in ui.runs() if {"key": "dagster/backfill", "value": backfill} in run["tags"]]

    assert (status, [run["status"] for run in runs]) == ("COMPLETED_SUCCESS", ["SUCCESS"])
    assert _partitions(till, runs[0]["runId"]) == {"daily": DAYS[1:3]}
    assert _ids(till) == [0, 1, 2, 3, 4, 9]


def _days() -> list[str]:
    """The days there are by now: one may begin while the test runs."""
    now = f"{datetime.now(UTC):%Y-%m-%d}"
    return DAYS if now == DAYS[-1] else [*DAYS, now]


def _ids(till: Shop) -> list[int]:
    return sorted(row["id"] for row in till.published()["daily"][1])


def _partitions(till: Shop, run_id: str) -> dict[str, list[str | None]]:
    """The partitions that the run's materializations name, by table."""
    found: dict[str, list[str | None]] = {}
    for event in till.dagster_events(run_id, dg.DagsterEventType.ASSET_MATERIALIZATION):
        assert event.asset_key is not None
        found.setdefault(event.asset_key.path[-1], []).append(event.partition)
    return found
