"""What metrics mean."""

from __future__ import annotations

from abc import ABC

from floe_core.plugins.base import Plugin


class SemanticLayerPlugin(Plugin, ABC):
    """A layer that answers questions in metrics."""
