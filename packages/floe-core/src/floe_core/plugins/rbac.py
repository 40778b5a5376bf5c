"""Who may read and write what."""

from __future__ import annotations

from abc import ABC

from floe_core.plugins.base import Plugin


class RBACPlugin(Plugin, ABC):
    """A way to grant access to tables."""
