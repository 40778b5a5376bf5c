"""Who may connect to whom."""

from __future__ import annotations

from abc import ABC

from floe_core.plugins.base import Plugin


class NetworkSecurityPlugin(Plugin, ABC):
    """A way to restrict network traffic."""
