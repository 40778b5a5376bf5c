"""Dagster's event log, kept open: the same files as Dagster's own, in any process."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.event_log.sqlite import SqliteEventLogStorage

from floe_orchestrator_dagster.event_log import EventLog
from floe_orchestrator_dagster.instance import configure, open_instance

_KEY = dg.AssetKey(["shop", "orders"])


@dg.asset(key=_KEY)
def _orders() -> None: ...


def _labels(storage: SqliteEventLogStorage) -> list[str]:
    records = storage.get_event_records(
        dg.EventRecordsFilter(dg.DagsterEventType.ASSET_MATERIALIZATION, asset_key=_KEY)
    )
    told = (record.asset_materialization for record in records)
    return sorted(each.description or "" for each in told if each)


@pytest.mark.requirement("FR-020")
def test_dagsters_own_storage_reads_what_floes_wrote_and_writes_what_floes_reads(tmp_path: Path) -> None:
    with open_instance(tmp_path) as instance:
        assert isinstance(instance.event_log_storage, EventLog)
        run_id = dg.materialize([_orders], instance=instance).run_id
        own = SqliteEventLogStorage(str(tmp_path / "dagster" / "history" / "runs"))
        own.register_instance(instance)

        ours = [entry.message for entry in instance.all_logs(run_id)]
        assert len(ours) > 5
        assert [record.event_log_entry.message for record in own.get_records_for_run(run_id).records] == ours
        [materialized] = instance.fetch_materializations(_KEY, limit=10).records
        own.store_event(materialized.event_log_entry)
        assert [each.run_id for each in instance.fetch_materializations(_KEY, limit=10).records] == [
            run_id
        ] * 2


@pytest.mark.requirement("FR-020")
def test_threads_and_a_second_process_s_storage_write_at_once_and_nothing_is_lost(tmp_path: Path) -> None:
    with open_instance(tmp_path) as one, open_instance(tmp_path) as other:

        def tell(number: int) -> None:
            instance = (one, other)[number % 2]
            instance.report_runless_asset_event(dg.AssetMaterialization(_KEY, description=f"{number:02}"))

        with ThreadPoolExecutor(8) as threads:
            list(threads.map(tell, range(40)))

        storage = one.event_log_storage
        assert isinstance(storage, EventLog)
        assert _labels(storage) == [f"{number:02}" for number in range(40)]


@pytest.mark.requirement("FR-020")
def test_a_log_that_another_process_wiped_is_made_anew(tmp_path: Path) -> None:
    with open_instance(tmp_path) as instance, open_instance(tmp_path) as other:
        before = dg.materialize([_orders], instance=instance).run_id
        other.wipe()
        after = dg.materialize([_orders], instance=instance).run_id

        assert [record.dagster_run.run_id for record in other.get_run_records()] == [after]
        assert other.all_logs(before) == []
        assert len(other.all_logs(after)) > 5


@pytest.mark.requirement("FR-020")
def test_a_state_folder_that_was_moved_keeps_its_history_where_it_is_now(tmp_path: Path) -> None:
    configure(tmp_path / "old", max_concurrent_runs=7)
    with open_instance(tmp_path / "old") as instance:
        run_id = dg.materialize([_orders], instance=instance).run_id
    shutil.move(tmp_path / "old", tmp_path / "new")

    with open_instance(tmp_path / "new") as instance:
        assert len(instance.all_logs(run_id)) > 5

    assert not (tmp_path / "old").exists()
    assert "max_concurrent_runs: 7" in (tmp_path / "new" / "dagster" / "dagster.yaml").read_text()
