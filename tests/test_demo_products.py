"""Every product of the demo is published as a whole, each seed and model by its name."""

from __future__ import annotations

import pytest

from tests.demo import FinishedRun

pytestmark = pytest.mark.xdist_group("demo")

TABLES = {
    "customer_360": [
        *("raw_customers", "raw_transactions", "raw_support_tickets"),
        *("stg_crm_customers", "stg_transactions", "stg_support_tickets"),
        *("int_customer_orders", "int_customer_support", "mart_customer_360"),
    ],
    "iot_telemetry": [
        *("raw_sensors", "raw_readings", "raw_maintenance_log"),
        *("stg_sensors", "stg_readings", "stg_maintenance"),
        *("int_sensor_metrics", "int_anomaly_detection", "mart_equipment_health"),
    ],
    "financial_risk": [
        *("raw_positions", "raw_market_data", "raw_counterparties"),
        *("stg_positions", "stg_market_data", "stg_counterparties"),
        *("int_portfolio_risk", "int_counterparty_exposure", "mart_risk_dashboard"),
    ],
}


@pytest.mark.requirement("FR-021", "FR-023", "FR-024", "FR-084", "FR-085")
@pytest.mark.parametrize("product", TABLES)
def test_seeds_and_models_are_published_once_their_tests_passed(
    product: str, request: pytest.FixtureRequest
) -> None:
    run: FinishedRun = request.getfixturevalue(f"{product}_run")
    models, tests = run.document["models"], run.document["tests"]

    assert (run.document["state"], run.document["published"]) == ("succeeded", True)
    assert {model["name"]: model["state"] for model in models} == dict.fromkeys(TABLES[product], "succeeded")
    assert {test["state"] for test in tests} == {"passed"}
    assert {test["model"] for test in tests} >= set(TABLES[product])
