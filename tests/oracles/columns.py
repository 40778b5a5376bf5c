"""Where each column of the demo comes from, read off its SQL: the columns its values are made of.

A value is made of what an expression computes with: operands, arguments, both sides of a comparison, the
results of a `case`, what is aggregated. What only chooses or arranges has no part in it: the conditions of a
`case` or `filter`, keys of joins, groups and windows, orders. So a column that counts rows under a condition,
or chooses between constants, is made of none (''), and one that not even a condition has a part in, such as a
plain count of rows or what is looked up in a list of constants, is not named. Common table expressions are
followed to the tables they read; a model that is built on itself by turns does not count as its own source.
"""

from __future__ import annotations

from collections.abc import Mapping

_VALUE = "stg_market_data.close stg_positions.quantity stg_positions.trade_price"
"""The valuation: quantity at the last close, or at the price paid where there is none."""
_EXPOSURE = f"stg_counterparties.collateral {_VALUE}"
"""Gains and add-ons on that value, less the collateral."""

_MAINTAINED = "stg_maintenance.completed_at stg_maintenance.reported_at"
"""When maintenance ended: when it was completed, but not before it was reported."""


def _kept(source: str, names: str) -> dict[str, str]:
    """Columns that bear the name of the one they are made of."""
    return {name: f"{source}.{name}" for name in names.split()}


COLUMNS: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "customer-360": {
        "stg_crm_customers": _kept(
            "raw_customers",
            "customer_id full_name email country segment signup_date marketing_consent updated_at _loaded_at",
        ),
        "stg_support_tickets": _kept(
            "raw_support_tickets",
            "ticket_id customer_id requester_email opened_at resolved_at category priority subject"
            " satisfaction _loaded_at",
        ),
        "stg_transactions": _kept(
            "raw_transactions",
            "transaction_id customer_id ordered_at channel category product quantity unit_price currency"
            " status updated_at _loaded_at",
        ),
        "int_customer_orders": {
            "customer_id": "stg_crm_customers.customer_id",
            "full_name": "stg_crm_customers.full_name",
            "email": "stg_crm_customers.email",
            "country_code": "stg_crm_customers.country",
            "account_type": "stg_crm_customers.segment",
            "signup_date": "stg_crm_customers.signup_date",
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
            **_kept(
                "int_customer_orders",
                "customer_id full_name email country_code account_type signup_date accepts_marketing",
            ),
            "customer_segment": "",
            **_kept(
                "int_customer_orders",
                "total_orders refunded_orders returned_orders gross_revenue_eur net_revenue_eur",
            ),
            "average_order_value_eur": "int_customer_orders.gross_revenue_eur"
            " int_customer_orders.total_orders",
            **_kept("int_customer_orders", "favourite_category first_order_at last_order_at"),
            "days_since_last_order": "int_customer_orders.last_order_at",
            **_kept(
                "int_customer_support",
                "total_tickets open_tickets urgent_tickets average_resolution_hours average_satisfaction"
                " last_ticket_at",
            ),
        },
    },
    "iot-telemetry": {
        "stg_sensors": _kept(
            "raw_sensors",
            "sensor_id machine_id machine_type maker site line kind unit range_low range_high calibrated_on"
            " _loaded_at",
        ),
        "stg_readings": _kept(
            "raw_readings", "reading_id sensor_id measured_at received_at value unit source _loaded_at"
        ),
        "stg_maintenance": _kept(
            "raw_maintenance_log",
            "order_id machine_id kind reported_at completed_at technician note _loaded_at",
        ),
        "int_sensor_metrics": {
            **_kept("stg_sensors", "sensor_id machine_id machine_type maker site line kind"),
            "unit": "",
            **_kept("stg_sensors", "range_low range_high calibrated_on"),
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
        "int_anomaly_detection": {
            "reading_id": "stg_readings.reading_id",
            "sensor_id": "stg_sensors.sensor_id",
            **_kept("int_sensor_metrics", "machine_id kind unit"),
            "measured_at": "stg_readings.measured_at",
            "value": "stg_readings.value",
            "equal_readings": "stg_readings.value",
            "modified_z_score": "int_sensor_metrics.mad int_sensor_metrics.median stg_readings.value",
            "anomaly": "",
        },
        "mart_equipment_health": {
            **_kept("int_sensor_metrics", "machine_id machine_type maker site line"),
            # of what it takes off, the share of anomalies and the days since maintenance are computed with;
            # drifting and silent sensors are counts under a condition
            "health_score": f"int_anomaly_detection.anomaly int_sensor_metrics.last_reading_at {_MAINTAINED}",
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
            "last_reading_at": "int_sensor_metrics.last_reading_at",
            "last_anomaly_at": "int_anomaly_detection.measured_at",
            "open_work_orders": "",
            "repairs": "",
            "services": "",
            "last_maintenance_at": _MAINTAINED,
            "days_since_maintenance": f"int_sensor_metrics.last_reading_at {_MAINTAINED}",
        },
    },
    "financial-risk": {
        "stg_counterparties": _kept(
            "raw_counterparties",
            "counterparty_id lei legal_name country sector rating parent_id netting_agreement collateral"
            " updated_at _loaded_at",
        ),
        "stg_market_data": _kept(
            "raw_market_data",
            "instrument_id trade_date ticker asset_class sector currency close volume published_at"
            " _loaded_at",
        ),
        "stg_positions": _kept(
            "raw_positions",
            "position_id portfolio_id desk instrument_id counterparty_id side quantity trade_price currency"
            " traded_at status updated_at _loaded_at",
        ),
        "int_counterparty_exposure": {
            "portfolio_id": "stg_positions.portfolio_id",
            "counterparty_id": "stg_positions.counterparty_id",
            "legal_name": "stg_counterparties.legal_name",
            "country_code": "stg_counterparties.country",
            "sector": "stg_counterparties.sector",
            "lei": "stg_counterparties.lei",
            "has_valid_lei": "stg_counterparties.lei",
            "group_id": "stg_counterparties.counterparty_id stg_counterparties.parent_id",
            "has_netting_agreement": "stg_counterparties.netting_agreement",
            "collateral_eur": "stg_counterparties.collateral",
            "notional_eur": _VALUE,
            "gross_exposure_eur": _VALUE,
            "net_exposure_eur": _EXPOSURE,
            "risk_weighted_exposure_eur": _EXPOSURE,
            "counterparty_exposure_eur": _EXPOSURE,
            "group_exposure_eur": _EXPOSURE,
            "group_share_of_tier1": _EXPOSURE,
            "is_large_exposure": _EXPOSURE,
            "exceeds_limit": _EXPOSURE,
        },
        "int_portfolio_risk": {
            "portfolio_id": "stg_positions.portfolio_id",
            "instrument_id": "stg_positions.instrument_id",
            "desk": "stg_positions.desk",
            "ticker": "stg_market_data.ticker",
            "asset_class": "stg_market_data.asset_class",
            "sector": "stg_market_data.sector",
            "last_close_date": "stg_market_data.trade_date",
            "is_priced": "stg_market_data.trade_date",
            "is_stale": "stg_market_data.trade_date",
            "report_date": "stg_market_data.trade_date",
            "long_market_value_eur": _VALUE,
            "short_market_value_eur": _VALUE,
            "market_value_eur": _VALUE,
            "unrealised_pnl_eur": _VALUE,
            "daily_volatility": "stg_market_data.close",
            "var_95_eur": _VALUE,
            "component_var_95_eur": _VALUE,
            "component_historical_var_95_eur": _VALUE,
            "var_99_eur": _VALUE,
            "component_var_99_eur": _VALUE,
            "component_historical_var_99_eur": _VALUE,
            "component_expected_shortfall_eur": _VALUE,
        },
        "mart_risk_dashboard": {
            **_kept("int_portfolio_risk", "portfolio_id desk report_date"),
            "risk_status": "",
            "total_positions": "int_portfolio_risk.position_count",
            "unpriced_instruments": "",
            "stale_instruments": "",
            **_kept("int_portfolio_risk", "long_market_value_eur short_market_value_eur"),
            "net_market_value_eur": "int_portfolio_risk.market_value_eur",
            "gross_market_value_eur": "int_portfolio_risk.long_market_value_eur"
            " int_portfolio_risk.short_market_value_eur",
            "unrealised_pnl_eur": "int_portfolio_risk.unrealised_pnl_eur",
            "var_95_eur": "int_portfolio_risk.component_var_95_eur",
            "var_99_eur": "int_portfolio_risk.component_var_99_eur",
            "var_99_share": "int_portfolio_risk.component_var_99_eur int_portfolio_risk.long_market_value_eur"
            " int_portfolio_risk.short_market_value_eur",
            "diversification_benefit_eur": "int_portfolio_risk.component_var_99_eur"
            " int_portfolio_risk.var_99_eur",
            "historical_var_95_eur": "int_portfolio_risk.component_historical_var_95_eur",
            "historical_var_99_eur": "int_portfolio_risk.component_historical_var_99_eur",
            "expected_shortfall_eur": "int_portfolio_risk.component_expected_shortfall_eur",
            "largest_instrument_id": "int_portfolio_risk.instrument_id",
            "largest_instrument_share": "int_portfolio_risk.market_value_eur",
            "instrument_concentration": "int_portfolio_risk.market_value_eur",
            **_kept("int_counterparty_exposure", "gross_exposure_eur net_exposure_eur"),
            "largest_counterparty_id": "int_counterparty_exposure.counterparty_id",
            "largest_counterparty_share": "int_counterparty_exposure.net_exposure_eur",
            "counterparty_concentration": "int_counterparty_exposure.net_exposure_eur",
            "large_exposures": "",
            "large_exposure_eur": "int_counterparty_exposure.net_exposure_eur",
            "limit_breaches": "",
            "counterparties_without_lei": "",
            "risk_weighted_exposure_eur": "int_counterparty_exposure.risk_weighted_exposure_eur",
            "credit_risk_capital_eur": "int_counterparty_exposure.risk_weighted_exposure_eur",
            "ten_day_var_99_eur": "int_portfolio_risk.component_var_99_eur",
            "market_risk_capital_eur": "int_portfolio_risk.component_var_99_eur",
            "capital_share_of_tier1": "int_counterparty_exposure.risk_weighted_exposure_eur"
            " int_portfolio_risk.component_var_99_eur",
        },
    },
}
