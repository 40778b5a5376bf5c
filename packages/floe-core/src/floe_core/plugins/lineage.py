"""Where lineage events go."""

from __future__ import annotations

from abc import ABC

from floe_core.plugins.base import Plugin


class LineageBackendPlugin(Plugin, ABC):
    """A place that keeps lineage events."""
