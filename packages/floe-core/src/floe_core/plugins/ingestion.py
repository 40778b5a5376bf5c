"""What brings data in from outside."""

from __future__ import annotations

from abc import ABC

from floe_core.plugins.base import Plugin


class IngestionPlugin(Plugin, ABC):
    """A way to load data from other systems."""
