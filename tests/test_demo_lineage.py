"""What the demo's runs tell in OpenLineage, judged by its own schemas and by a table written from the SQL."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from pyiceberg.catalog.sql import SqlCatalog

from floe_core.ledger import Ledger
from testing.openlineage import violations
from testing.openlineage.stored import Event, by_job, column_lineage, stored_events
from tests.demo import FinishedRun
from tests.oracles.columns import COLUMNS

pytestmark = pytest.mark.xdist_group("demo")


@pytest.fixture(params=["customer-360", "iot-telemetry", "financial-risk"])
def finished(request: pytest.FixtureRequest) -> FinishedRun:
    run: FinishedRun = request.getfixturevalue(f"{request.param.replace('-', '_')}_run")
    return run


def _events(run: FinishedRun) -> list[Event]:
    return stored_events(run.demo.folder / ".floe", run.document["run_id"])


def _snapshots(run: FinishedRun) -> dict[str, Any]:
    """The current snapshot of each of the product's tables, by plain PyIceberg."""
    catalog = SqlCatalog("floe", uri=f"sqlite:///{run.demo.folder}/.floe/catalog.db")
    try:
        return {
            name[-1]: catalog.load_table(name).current_snapshot() for name in catalog.list_tables(run.product)
        }
    finally:
        catalog.close()


@pytest.mark.requirement("FR-041")
def test_every_event_fits_openlineages_schemas(finished: FinishedRun) -> None:
    events = _events(finished)

    assert len(events) > 20
    assert [problem for event in events for problem in violations(event)] == []


@pytest.mark.requirement("FR-041")
def test_each_run_starts_once_and_ends_once_below_the_run_of_the_product(finished: FinishedRun) -> None:
    product, run_id = finished.product, finished.document["run_id"]
    jobs = by_job(_events(finished))
    models = [model["name"] for model in finished.document["models"]]

    assert set(jobs) == {product, *(f"{product}.{m}" for m in models), *(f"{product}/{m}" for m in models)}
    for name, events in jobs.items():
        assert [event["eventType"] for event in events] == ["START", "COMPLETE"]
        [own_id] = {event["run"]["runId"] for event in events}
        parents = [event["run"]["facets"].get("parent", {"run": None})["run"] for event in events]
        parent = None if name == product else {"runId": run_id}
        assert parents == [parent, parent]
        assert (own_id == run_id) == (name == product)
        assert {event["producer"].rpartition("/")[0] for event in events} == {"https://floe.dev/floe-core"}


@pytest.mark.requirement("FR-041", "FR-042")
def test_one_trace_id_joins_events_ledger_and_snapshots(finished: FinishedRun) -> None:
    run_id, trace_id = finished.document["run_id"], finished.document["trace_id"]
    said = [event["run"]["facets"]["floe"] for event in _events(finished)]
    snapshots = _snapshots(finished)

    assert {(each["traceId"], each["runId"], each["attempt"]) for each in said} == {(trace_id, run_id, 1)}
    assert {each["artifactDigest"] for each in said} == {finished.document["artifact_digest"]}
    assert {snapshot.summary["floe.trace-id"] for snapshot in snapshots.values()} == {trace_id}
    assert Ledger(finished.demo.folder / ".floe").newest(run_id).trace_id == trace_id


@pytest.mark.requirement("FR-041")
def test_outputs_are_named_by_warehouse_and_identifier_with_version_schema_and_sizes(
    finished: FinishedRun,
) -> None:
    jobs, snapshots = by_job(_events(finished)), _snapshots(finished)
    warehouse = f"file://{(finished.demo.folder / '.floe' / 'warehouse').resolve()}"
    rows = {model["name"]: model["rows"] for model in finished.document["models"]}
    for name, snapshot in snapshots.items():
        [output] = jobs[f"{finished.product}.{name}"][-1]["outputs"]
        [materialized] = jobs[f"{finished.product}/{name}"][-1]["outputs"]
        assert (output["namespace"], output["name"]) == (warehouse, f"{finished.product}.{name}")
        assert output["facets"]["version"]["datasetVersion"] == str(snapshot.snapshot_id)
        assert materialized["facets"]["version"] == output["facets"]["version"]
        assert output["outputFacets"]["outputStatistics"]["rowCount"] == rows[name]
        assert output["outputFacets"]["outputStatistics"]["fileCount"] == int(
            snapshot.summary["added-data-files"]
        )
        assert output["facets"]["storage"]["storageLayer"] == "iceberg"
        fields = [field["name"] for field in output["facets"]["schema"]["fields"]]
        assert fields == finished.demo.arrow(finished.product, name).schema.names


@pytest.mark.requirement("FR-041")
def test_a_model_names_the_snapshots_it_read_and_the_sql_that_ran(finished: FinishedRun) -> None:
    jobs, snapshots = by_job(_events(finished)), _snapshots(finished)
    seeds = {path.stem for path in (finished.demo.product(finished.product) / "seeds").glob("*.csv")}
    for name in snapshots.keys() - seeds:
        end = jobs[f"{finished.product}.{name}"][-1]
        read = {each["name"].partition(".")[2]: each["facets"]["version"] for each in end["inputs"]}
        assert read, name
        assert {table: said["datasetVersion"] for table, said in read.items()} == {
            table: str(snapshots[table].snapshot_id) for table in read
        }
        query = end["job"]["facets"]["sql"]["query"]
        assert "select" in query
        assert "{{" not in query
        assert all(f'"{table}"' in query for table in read)


@pytest.mark.requirement("FR-041")
def test_the_run_ends_with_what_its_tests_found(finished: FinishedRun) -> None:
    end = by_job(_events(finished))[finished.product][-1]
    found = Counter(
        (assertion["name"], assertion["success"])
        for each in end["inputs"]
        for assertion in each.get("inputFacets", {}).get("dataQualityAssertions", {}).get("assertions", ())
    )
    told = Counter(
        (test["name"], test["state"] == "passed")
        for test in finished.document["tests"]
        if test["model"] in _snapshots(finished)
    )

    assert found == told
    assert len(end["outputs"]) == len(finished.document["models"])


@pytest.mark.requirement("FR-041", "FR-094")
def test_columns_come_from_where_the_sql_takes_them(finished: FinishedRun) -> None:
    jobs = by_job(_events(finished))
    for model, expected in COLUMNS[finished.product].items():
        assert column_lineage(jobs[f"{finished.product}.{model}"][-1]) == expected, model
