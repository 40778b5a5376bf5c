"""The plugins an artifact names."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from floe_core.plugins.types import PluginType
from floe_core.schemas.artifact_part import ArtifactPart


class PluginChoice(ArtifactPart):
    """One chosen plugin and its configuration, secrets left out."""

    type: str = Field(description="The plugin's name.")
    version: str = Field(description="The version of the plugin.")
    config: dict[str, Any] = Field(description="Its settings, secrets left out.")


class PluginChoices(ArtifactPart):
    """The chosen plugin of each type that one was chosen for."""

    catalog: PluginChoice = Field(description="Where the tables are listed.")
    compute: PluginChoice = Field(description="The engine that computes.")
    dbt: PluginChoice = Field(description="What runs dbt.")
    storage: PluginChoice = Field(description="Where the files of the tables lie.")
    orchestrator: PluginChoice = Field(description="What runs the product on demand and on time.")
    identity: PluginChoice | None = Field(None, description="Who somebody is.")
    ingestion: PluginChoice | None = Field(None, description="What brings data in.")
    lineage: PluginChoice | None = Field(None, description="Where lineage goes.")
    network_security: PluginChoice | None = Field(None, description="What restricts traffic.")
    quality: PluginChoice | None = Field(None, description="What checks the data's quality.")
    rbac: PluginChoice | None = Field(None, description="Who may do what.")
    secrets: PluginChoice | None = Field(None, description="Where secrets are kept.")
    semantic_layer: PluginChoice | None = Field(None, description="What knows metrics and dimensions.")
    telemetry: PluginChoice | None = Field(None, description="Where traces, metrics and logs go.")
    alert_channel: PluginChoice | None = Field(None, description="Where alerts go.")

    def get(self, plugin_type: PluginType) -> PluginChoice | None:
        choice: PluginChoice | None = getattr(self, plugin_type.value)
        return choice
