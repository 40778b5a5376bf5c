"""What tests against running services share."""

from __future__ import annotations

import uuid


class IntegrationTestBase:
    """The base class of tests that share a catalog or a service with other tests."""

    def generate_unique_namespace(self, prefix: str = "test") -> str:
        """A namespace nobody else uses, so that tests neither meet nor clean up after each other."""
        return f"{prefix}_{uuid.uuid4().hex[:12]}"
