"""How people hear that something is wrong."""

from __future__ import annotations

from abc import ABC

from floe_core.plugins.base import Plugin


class AlertChannelPlugin(Plugin, ABC):
    """A channel that alerts people."""
