"""Where traces, metrics and logs go."""

from __future__ import annotations

from abc import ABC

from floe_core.plugins.base import Plugin


class TelemetryBackendPlugin(Plugin, ABC):
    """A place that keeps traces, metrics and logs."""
