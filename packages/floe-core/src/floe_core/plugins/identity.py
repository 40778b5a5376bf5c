"""Who people and programs are."""

from __future__ import annotations

from abc import ABC

from floe_core.plugins.base import Plugin


class IdentityPlugin(Plugin, ABC):
    """A provider of identities."""
