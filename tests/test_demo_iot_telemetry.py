"""iot-telemetry run by floe: every verdict and every figure of its mart, told anew from the CSVs."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from tests.demo import DEMO, Demo, FinishedRun, write_csv
from tests.oracles.iot_telemetry import Row, latest_readings, mart, metrics, probes, read_csv, verdicts
from tests.test_demo_plain_dbt import invoke
from tests.test_demo_seeds import generate

pytestmark = pytest.mark.xdist_group("demo")

COMMITTED = DEMO / "iot-telemetry" / "seeds"


@pytest.mark.requirement("FR-020", "FR-081", "FR-084", "TQR-002", "TQR-014")
def test_every_row_of_the_mart_is_what_the_csvs_say(iot_telemetry_run: FinishedRun) -> None:
    rows = iot_telemetry_run.rows("mart_equipment_health")

    assert len(rows) == 40
    assert {row["machine_id"]: row for row in rows} == mart(COMMITTED)


@pytest.mark.requirement("FR-081", "FR-084", "TQR-002", "TQR-014")
def test_what_is_normal_for_every_sensor_is_what_the_stated_rules_say(iot_telemetry_run: FinishedRun) -> None:
    rows = {row["sensor_id"]: row for row in iot_telemetry_run.rows("int_sensor_metrics")}

    expected = {probe.row["sensor_id"]: dict(metrics(probe)) for probe in probes(COMMITTED)}
    assert len(rows) == 200
    assert {
        sensor: {column: rows[sensor][column] for column in figures} for sensor, figures in expected.items()
    } == expected


@pytest.mark.requirement("FR-081", "FR-084", "TQR-002", "TQR-014")
def test_every_reading_is_judged_as_the_stated_rules_say(iot_telemetry_run: FinishedRun) -> None:
    rows = iot_telemetry_run.rows("int_anomaly_detection")

    judged = {
        (row["sensor_id"], row["measured_at"]): (row["value"], row["modified_z_score"], row["anomaly"])
        for row in rows
    }
    assert len(rows) == len(judged)
    assert judged == {
        (probe.row["sensor_id"], verdict.measured_at): (verdict.value, verdict.score, verdict.anomaly)
        for probe in probes(COMMITTED)
        for verdict in verdicts(probe)
    }


@pytest.mark.requirement("FR-081")
def test_every_level_and_every_kind_of_anomaly_occurs_so_that_the_proof_means_something() -> None:
    expected = mart(COMMITTED).values()

    assert {row["maintenance_alert"] for row in expected} == {"urgent", "due", "watch", "none"}
    assert min(sum(row[kind] for row in expected) for kind in ("outliers", "out_of_range_readings")) >= 10
    assert sum(row["flat_line_readings"] for row in expected) >= 20
    assert sum(row["drifting_sensors"] for row in expected) >= 3
    assert sum(row["silent_sensors"] for row in expected) >= 1
    assert sum(row["recent_anomalies"] for row in expected) < sum(row["anomalies"] for row in expected)
    assert sum(1 for row in expected if row["health_score"] is None) == 16  # machines not connected
    assert sum(1 for row in expected if row["days_since_maintenance"] is None) >= 1


@pytest.mark.requirement("FR-021", "FR-083")
def test_bronze_keeps_the_last_arrival_of_each_reading_and_says_when_it_came(
    iot_telemetry_run: FinishedRun,
) -> None:
    rows = {row["reading_id"]: row for row in iot_telemetry_run.rows("stg_readings")}

    assert {key: str(row["received_at"]) for key, row in rows.items()} == {
        key: row["received_at"]
        for key, row in latest_readings(read_csv(COMMITTED / "raw_readings.csv")).items()
    }
    [loaded_at] = {row["_loaded_at"] for row in rows.values()}
    assert timedelta() < datetime.now(UTC).replace(tzinfo=None) - loaded_at < timedelta(hours=1)


@pytest.mark.slow
@pytest.mark.requirement("FR-025", "FR-081")
def test_a_second_delivery_that_overlaps_the_first_doubles_nothing(demo: Demo) -> None:
    seeds = demo.product("iot-telemetry") / "seeds"
    first = read_csv(seeds / "raw_readings.csv")
    demo.run("iot-telemetry")
    before = {row["reading_id"]: row for row in demo.rows("iot-telemetry", "stg_readings")}
    repeated, stale, changed, new = second_delivery(first)
    write_csv(seeds / "raw_readings.csv", [*repeated, *stale, *changed, *new])

    demo.run("iot-telemetry")

    merged = demo.rows("iot-telemetry", "stg_readings")
    after = {row["reading_id"]: row for row in merged}
    corrected = {row["reading_id"] for row in changed}
    assert len(merged) == len(after) == len(before) + len(new)
    assert {key for key in before if after[key] != before[key]} == corrected
    assert all(after[key]["_loaded_at"] == before[key]["_loaded_at"] for key in corrected)
    [first_load] = {row["_loaded_at"] for row in before.values()}
    assert all(after[row["reading_id"]]["_loaded_at"] > first_load for row in new)
    rows = demo.rows("iot-telemetry", "mart_equipment_health")
    assert {row["machine_id"]: row for row in rows} == mart(seeds, earlier_readings=first)


def second_delivery(first: list[Row]) -> tuple[list[Row], list[Row], list[Row], list[Row]]:
    """What the gateways send the next time: old ones again, older and newer versions, and new readings."""
    latest = [row for row in latest_readings(first).values() if row["source"] == "gateway" and row["unit"]]
    stale = [{**row, "value": "1", "received_at": "2025-06-01 00:00:00"} for row in latest[200:205]]
    changed = [{**row, "value": "9999", "received_at": "2025-06-20 00:00:00"} for row in latest[300:307]]
    new = [
        {
            **row,
            "reading_id": f"R9{number:06}",
            "measured_at": f"2025-06-26 1{number}:00:00",
            "received_at": f"2025-06-26 1{number}:00:30",
        }
        for number, row in enumerate(latest[400:405])
    ]
    return latest[100:160], stale, changed, new


@pytest.mark.requirement("WU-5", "FR-083", "FR-084", "FR-085")
def test_plain_dbt_builds_ten_times_the_data_into_the_mart_that_the_csvs_say(
    demo: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    product = demo.product("iot-telemetry")
    generate(demo.folder, "--product", "iot-telemetry", "--scale", "medium")
    monkeypatch.chdir(product)

    nodes = invoke("build")
    [shown] = invoke("show", "--inline", "from {{ ref('mart_equipment_health') }}", "--limit", "-1")

    assert [node.node.name for node in nodes if node.status not in ("success", "pass")] == []
    rows = [dict(zip(shown.agate_table.column_names, row, strict=True)) for row in shown.agate_table.rows]
    assert len(rows) == 400
    assert {row["machine_id"]: row for row in rows} == mart(product / "seeds")


@pytest.mark.requirement("FR-083")
def test_the_exports_have_the_faults_of_their_systems() -> None:
    readings = read_csv(COMMITTED / "raw_readings.csv")
    orders = read_csv(COMMITTED / "raw_maintenance_log.csv")
    arrivals = Counter(row["reading_id"] for row in readings)
    moments = Counter((row["sensor_id"], row["measured_at"]) for row in latest_readings(readings).values())
    waits = [
        datetime.fromisoformat(row["received_at"]) - datetime.fromisoformat(row["measured_at"])
        for row in readings
    ]

    assert (len(arrivals), len({tuple(row.values()) for row in readings})) == (972, 982)
    assert sum(1 for count in moments.values() if count == 2) >= 10  # under two ids
    assert 40 <= sum(1 for wait in waits if timedelta(hours=1) < wait < timedelta(days=3)) <= 140
    assert 1 <= sum(1 for wait in waits if wait > timedelta(days=365)) <= 15
    assert {"", "°C", "°F", "degF", "F", "ips", "in/s", "psi", "kPa"} < {row["unit"] for row in readings}
    assert {"", " N/A ", "NaN"} < {row["value"] for row in readings}
    assert any("," in row["value"] for row in readings)
    assert len(orders) - len({tuple(row.values()) for row in orders}) == 3
    assert any(row["completed_at"].strip() < row["reported_at"] for row in orders if row["completed_at"])
    assert {row["_loaded_at"] for row in [*readings, *orders]} == {""}


@pytest.mark.requirement("FR-081", "FR-083")
def test_maintenance_follows_failures() -> None:
    orders = read_csv(COMMITTED / "raw_maintenance_log.csv")
    during = Counter(row["machine_id"].strip().upper() for row in orders if row["reported_at"] > "2025-06-16")
    sick = {row["machine_id"] for row in mart(COMMITTED).values() if row["anomalies"] >= 3}

    assert len(sick) >= 8
    assert len(sick & during.keys()) >= len(sick) * 3 // 4
