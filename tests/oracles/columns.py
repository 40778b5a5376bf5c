"""Where each column of the demo comes from, written from its SQL: the columns its values are made of.

A column that only counts rows, or chooses between constants, is made of none; one that no column has any
part in is not named.
"""

from __future__ import annotations

from collections.abc import Mapping

_VALUED = "stg_market_data.close stg_positions.quantity stg_positions.trade_price"
"""A position is worth its quantity at the last close, or at what was paid."""
_EXPOSED = f"stg_counterparties.collateral {_VALUED}"


def _same(table: str, columns: str) -> dict[str, str]:
    """Each column is made of the one of its name."""
    return {column: f"{table}.{column}" for column in columns.split()}


COLUMNS: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "customer-360": {
        "stg_crm_customers": {
            **_same(
                "raw_customers",
                "customer_id full_name email country segment signup_date marketing_consent "
                "updated_at _loaded_at",
            ),
        },
        "stg_support_tickets": {
            **_same(
                "raw_support_tickets",
                "ticket_id customer_id requester_email opened_at resolved_at category priority "
                "subject satisfaction _loaded_at",
            ),
        },
        "stg_transactions": {
            **_same(
                "raw_transactions",
                "transaction_id customer_id ordered_at channel category product quantity "
                "unit_price currency status updated_at _loaded_at",
            ),
        },
        "int_customer_orders": {
            **_same("stg_crm_customers", "customer_id full_name email signup_date"),
            "country_code": "stg_crm_customers.country",
            "account_type": "stg_crm_customers.segment",
            "accepts_marketing": "stg_crm_customers.marketing_consent",
            "total_orders": "",
            "refunded_orders": "",
            "returned_orders": "",
            "gross_revenue_eur": "stg_transactions.quantity stg_transactions.unit_price",
            "net_revenue_eur": "stg_transactions.quantity stg_transactions.unit_price",
            "first_order_at": "stg_transactions.ordered_at",
            "last_order_at": "stg_transactions.ordered_at",
            "favourite_category": "stg_transactions.category",
        },
        "int_customer_support": {
            "customer_id": "stg_crm_customers.customer_id stg_support_tickets.customer_id",
            "open_tickets": "",
            "urgent_tickets": "",
            "average_resolution_hours": "stg_support_tickets.opened_at stg_support_tickets.resolved_at",
            "average_satisfaction": "stg_support_tickets.satisfaction",
            "last_ticket_at": "stg_support_tickets.opened_at",
        },
        "mart_customer_360": {
            **_same(
                "int_customer_orders",
                "customer_id full_name email country_code account_type signup_date "
                "accepts_marketing total_orders refunded_orders returned_orders gross_revenue_eur "
                "net_revenue_eur favourite_category first_order_at last_order_at",
            ),
            **_same(
                "int_customer_support",
                "total_tickets open_tickets urgent_tickets average_resolution_hours "
                "average_satisfaction last_ticket_at",
            ),
            "customer_segment": "",
            "average_order_value_eur": (
                "int_customer_orders.gross_revenue_eur int_customer_orders.total_orders"
            ),
            "days_since_last_order": "int_customer_orders.last_order_at",
        },
    },
    "iot-telemetry": {
        "stg_maintenance": {
            **_same(
                "raw_maintenance_log",
                "order_id machine_id kind reported_at completed_at technician note _loaded_at",
            ),
        },
        "stg_readings": {
            **_same(
                "raw_readings", "reading_id sensor_id measured_at received_at value unit source _loaded_at"
            ),
        },
        "stg_sensors": {
            **_same(
                "raw_sensors",
                "sensor_id machine_id machine_type maker site line kind unit range_low range_high "
                "calibrated_on _loaded_at",
            ),
        },
        "int_anomaly_detection": {
            **_same("stg_readings", "reading_id measured_at value"),
            **_same("int_sensor_metrics", "machine_id kind unit"),
            "sensor_id": "stg_sensors.sensor_id",
            "equal_readings": "stg_readings.value",
            "modified_z_score": "int_sensor_metrics.mad int_sensor_metrics.median stg_readings.value",
            "anomaly": "",
        },
        "int_sensor_metrics": {
            **_same(
                "stg_sensors",
                "sensor_id machine_id machine_type maker site line kind range_low range_high calibrated_on",
            ),
            "unit": "",
            "readings": "stg_readings.value",
            "missing_readings": "stg_readings.value",
            "late_readings": "stg_readings.value",
            "last_reading_at": "stg_readings.measured_at",
            "is_monitored": "stg_readings.value",
            "median": "stg_readings.value",
            "mad": "stg_readings.value",
            "drift": "stg_readings.value",
            "is_drifting": "stg_readings.value stg_sensors.range_high stg_sensors.range_low",
        },
        "mart_equipment_health": {
            **_same("int_sensor_metrics", "machine_id machine_type maker site line last_reading_at"),
            "health_score": (
                "int_anomaly_detection.anomaly "
                "int_sensor_metrics.last_reading_at "
                "stg_maintenance.completed_at "
                "stg_maintenance.reported_at"
            ),
            "maintenance_alert": "",
            "monitored_sensors": "",
            "drifting_sensors": "",
            "silent_sensors": "",
            "anomalies": "int_anomaly_detection.anomaly",
            "out_of_range_readings": "",
            "flat_line_readings": "",
            "outliers": "",
            "recent_anomalies": "int_anomaly_detection.anomaly",
            "recent_anomaly_percent": "int_anomaly_detection.anomaly",
            "last_anomaly_at": "int_anomaly_detection.measured_at",
            "open_work_orders": "",
            "repairs": "",
            "services": "",
            "last_maintenance_at": "stg_maintenance.completed_at stg_maintenance.reported_at",
            "days_since_maintenance": (
                "int_sensor_metrics.last_reading_at stg_maintenance.completed_at stg_maintenance.reported_at"
            ),
        },
    },
    "financial-risk": {
        "stg_counterparties": {
            **_same(
                "raw_counterparties",
                "counterparty_id lei legal_name country sector rating parent_id netting_agreement "
                "collateral updated_at _loaded_at",
            ),
        },
        "stg_market_data": {
            **_same(
                "raw_market_data",
                "instrument_id trade_date ticker asset_class sector currency close volume "
                "published_at _loaded_at",
            ),
        },
        "stg_positions": {
            **_same(
                "raw_positions",
                "position_id portfolio_id desk instrument_id counterparty_id side quantity "
                "trade_price currency traded_at status updated_at _loaded_at",
            ),
        },
        "int_counterparty_exposure": {
            **_same("stg_counterparties", "legal_name sector lei"),
            "portfolio_id": "stg_positions.portfolio_id",
            "counterparty_id": "stg_positions.counterparty_id",
            "country_code": "stg_counterparties.country",
            "has_valid_lei": "stg_counterparties.lei",
            "group_id": "stg_counterparties.counterparty_id stg_counterparties.parent_id",
            "has_netting_agreement": "stg_counterparties.netting_agreement",
            "collateral_eur": "stg_counterparties.collateral",
            "notional_eur": _VALUED,
            "gross_exposure_eur": _VALUED,
            "net_exposure_eur": _EXPOSED,
            "risk_weighted_exposure_eur": _EXPOSED,
            "counterparty_exposure_eur": _EXPOSED,
            "group_exposure_eur": _EXPOSED,
            "group_share_of_tier1": _EXPOSED,
            "is_large_exposure": _EXPOSED,
            "exceeds_limit": _EXPOSED,
        },
        "int_portfolio_risk": {
            **_same("stg_positions", "portfolio_id instrument_id desk"),
            **_same("stg_market_data", "ticker asset_class sector"),
            "last_close_date": "stg_market_data.trade_date",
            "is_priced": "stg_market_data.trade_date",
            "is_stale": "stg_market_data.trade_date",
            "report_date": "stg_market_data.trade_date",
            "long_market_value_eur": _VALUED,
            "short_market_value_eur": _VALUED,
            "market_value_eur": _VALUED,
            "unrealised_pnl_eur": _VALUED,
            "daily_volatility": "stg_market_data.close",
            "var_95_eur": _VALUED,
            "component_var_95_eur": _VALUED,
            "component_historical_var_95_eur": _VALUED,
            "var_99_eur": _VALUED,
            "component_var_99_eur": _VALUED,
            "component_historical_var_99_eur": _VALUED,
            "component_expected_shortfall_eur": _VALUED,
        },
        "mart_risk_dashboard": {
            **_same(
                "int_portfolio_risk",
                "portfolio_id desk report_date long_market_value_eur short_market_value_eur "
                "unrealised_pnl_eur",
            ),
            **_same(
                "int_counterparty_exposure", "gross_exposure_eur net_exposure_eur risk_weighted_exposure_eur"
            ),
            "risk_status": "",
            "total_positions": "int_portfolio_risk.position_count",
            "unpriced_instruments": "",
            "stale_instruments": "",
            "net_market_value_eur": "int_portfolio_risk.market_value_eur",
            "gross_market_value_eur": (
                "int_portfolio_risk.long_market_value_eur int_portfolio_risk.short_market_value_eur"
            ),
            "var_95_eur": "int_portfolio_risk.component_var_95_eur",
            "var_99_eur": "int_portfolio_risk.component_var_99_eur",
            "var_99_share": (
                "int_portfolio_risk.component_var_99_eur "
                "int_portfolio_risk.long_market_value_eur "
                "int_portfolio_risk.short_market_value_eur"
            ),
            "diversification_benefit_eur": (
                "int_portfolio_risk.component_var_99_eur int_portfolio_risk.var_99_eur"
            ),
            "historical_var_95_eur": "int_portfolio_risk.component_historical_var_95_eur",
            "historical_var_99_eur": "int_portfolio_risk.component_historical_var_99_eur",
            "expected_shortfall_eur": "int_portfolio_risk.component_expected_shortfall_eur",
            "largest_instrument_id": "int_portfolio_risk.instrument_id",
            "largest_instrument_share": "int_portfolio_risk.market_value_eur",
            "instrument_concentration": "int_portfolio_risk.market_value_eur",
            "largest_counterparty_id": "int_counterparty_exposure.counterparty_id",
            "largest_counterparty_share": "int_counterparty_exposure.net_exposure_eur",
            "counterparty_concentration": "int_counterparty_exposure.net_exposure_eur",
            "large_exposures": "",
            "large_exposure_eur": "int_counterparty_exposure.net_exposure_eur",
            "limit_breaches": "",
            "counterparties_without_lei": "",
            "credit_risk_capital_eur": "int_counterparty_exposure.risk_weighted_exposure_eur",
            "ten_day_var_99_eur": "int_portfolio_risk.component_var_99_eur",
            "market_risk_capital_eur": "int_portfolio_risk.component_var_99_eur",
            "capital_share_of_tier1": (
                "int_counterparty_exposure.risk_weighted_exposure_eur int_portfolio_risk.component_var_99_eur"
            ),
        },
    },
}
