"""What checks the data."""

from __future__ import annotations

from abc import ABC

from floe_core.plugins.base import Plugin


class QualityPlugin(Plugin, ABC):
    """A way to check the quality of data."""
