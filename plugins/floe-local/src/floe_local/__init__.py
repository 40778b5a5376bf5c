"""The embedded platform: no service, no container, no network."""

from floe_local.catalog import LocalCatalog
from floe_local.lineage import LocalLineage
from floe_local.storage import LocalStorage
from floe_local.telemetry import LocalTelemetry

__all__ = ["LocalCatalog", "LocalLineage", "LocalStorage", "LocalTelemetry"]
