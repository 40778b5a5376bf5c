"""Telemetry for receivers of OpenTelemetry's protocol."""

from floe_telemetry_otlp.plugin import OtlpTelemetry

__all__ = ["OtlpTelemetry"]
