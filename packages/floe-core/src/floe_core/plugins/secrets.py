"""Where credentials are kept."""

from __future__ import annotations

from abc import ABC

from floe_core.plugins.base import Plugin


class SecretsPlugin(Plugin, ABC):
    """A store of credentials."""
