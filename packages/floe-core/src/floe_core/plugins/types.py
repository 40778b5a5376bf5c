"""The fifteen kinds of plugin, each with the entry-point group it is found through."""

from __future__ import annotations

from enum import StrEnum


class PluginType(StrEnum):
    """A kind of plugin; the value is its key under ``plugins:`` in a manifest."""

    CATALOG = "catalog"
    COMPUTE = "compute"
    DBT = "dbt"
    IDENTITY = "identity"
    INGESTION = "ingestion"
    LINEAGE = "lineage"
    NETWORK_SECURITY = "network_security"
    ORCHESTRATOR = "orchestrator"
    QUALITY = "quality"
    RBAC = "rbac"
    SECRETS = "secrets"
    SEMANTIC_LAYER = "semantic_layer"
    STORAGE = "storage"
    TELEMETRY = "telemetry"
    ALERT_CHANNEL = "alert_channel"

    @property
    def group(self) -> str:
        """The entry-point group."""
        return _GROUPS[self]


_GROUPS = {
    PluginType.CATALOG: "floe.catalogs",
    PluginType.COMPUTE: "floe.computes",
    PluginType.DBT: "floe.dbt",
    PluginType.IDENTITY: "floe.identity",
    PluginType.INGESTION: "floe.ingestion",
    PluginType.LINEAGE: "floe.lineage_backends",
    PluginType.NETWORK_SECURITY: "floe.network_security",
    PluginType.ORCHESTRATOR: "floe.orchestrators",
    PluginType.QUALITY: "floe.quality",
    PluginType.RBAC: "floe.rbac",
    PluginType.SECRETS: "floe.secrets",
    PluginType.SEMANTIC_LAYER: "floe.semantic_layers",
    PluginType.STORAGE: "floe.storage",
    PluginType.TELEMETRY: "floe.telemetry_backends",
    PluginType.ALERT_CHANNEL: "floe.alert_channels",
}
