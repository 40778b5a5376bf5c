"""The fifteen kinds of plugin, and the registry that finds them."""

from __future__ import annotations

from floe_core.plugins.alert_channel import AlertChannelPlugin
from floe_core.plugins.base import API_VERSION, Health, Plugin, PluginMetadata
from floe_core.plugins.catalog import CatalogPlugin
from floe_core.plugins.compute import ComputePlugin
from floe_core.plugins.dbt import DBTPlugin
from floe_core.plugins.identity import IdentityPlugin
from floe_core.plugins.ingestion import IngestionPlugin
from floe_core.plugins.lineage import LineageBackendPlugin
from floe_core.plugins.network_security import NetworkSecurityPlugin
from floe_core.plugins.orchestrator import OrchestratorPlugin
from floe_core.plugins.quality import QualityPlugin
from floe_core.plugins.rbac import RBACPlugin
from floe_core.plugins.registry import BASE_CLASSES, PluginRegistry, Provider
from floe_core.plugins.secrets import SecretsPlugin
from floe_core.plugins.semantic_layer import SemanticLayerPlugin
from floe_core.plugins.storage import StoragePlugin
from floe_core.plugins.telemetry import TelemetryBackendPlugin
from floe_core.plugins.types import PluginType

__all__ = [
    "API_VERSION",
    "BASE_CLASSES",
    "AlertChannelPlugin",
    "CatalogPlugin",
    "ComputePlugin",
    "DBTPlugin",
    "Health",
    "IdentityPlugin",
    "IngestionPlugin",
    "LineageBackendPlugin",
    "NetworkSecurityPlugin",
    "OrchestratorPlugin",
    "Plugin",
    "PluginMetadata",
    "PluginRegistry",
    "PluginType",
    "Provider",
    "QualityPlugin",
    "RBACPlugin",
    "SecretsPlugin",
    "SemanticLayerPlugin",
    "StoragePlugin",
    "TelemetryBackendPlugin",
]
