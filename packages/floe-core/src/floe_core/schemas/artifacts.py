"""The compiled artifact: what the compiler hands to everybody else, and the only thing it does."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from floe_core.plugins.types import PluginType
from floe_core.schemas.lineage import DIRECT, Transformation

VERSION: Literal["0.5.0"] = "0.5.0"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ArtifactMetadata(_Part):
    """Which product this is. ``sql_name`` is its schema in SQL and in dbt."""

    product_name: str
    product_version: str
    sql_name: str
    owner: str | None
    exposes: tuple[str, ...] | None  # the layers other products may read; None: the platform decides
    description: str | None
    platform: str
    floe_version: str
    dbt_project: str  # the folder of the dbt project, relative to that of floe.yaml


class PluginChoice(_Part):
    """One chosen plugin and its configuration, secrets left out."""

    type: str
    version: str
    config: dict[str, Any]


class PluginChoices(_Part):
    """The chosen plugin of each type that one was chosen for."""

    catalog: PluginChoice
    compute: PluginChoice
    dbt: PluginChoice
    storage: PluginChoice
    orchestrator: PluginChoice
    identity: PluginChoice | None = None
    ingestion: PluginChoice | None = None
    lineage: PluginChoice | None = None
    network_security: PluginChoice | None = None
    quality: PluginChoice | None = None
    rbac: PluginChoice | None = None
    secrets: PluginChoice | None = None
    semantic_layer: PluginChoice | None = None
    telemetry: PluginChoice | None = None
    alert_channel: PluginChoice | None = None

    def get(self, plugin_type: PluginType) -> PluginChoice | None:
        choice: PluginChoice | None = getattr(self, plugin_type.value)
        return choice


class ArtifactInput(_Part):
    """A column that another one, or a whole table, depends on.

    ``dataset`` is namespace and table as OpenLineage names a dataset, ``transformation`` the subtype of
    its column lineage facet; ``type`` follows from that.
    """

    dataset: str
    column: str
    transformation: Transformation

    @property
    def type(self) -> Literal["DIRECT", "INDIRECT"]:
        return "DIRECT" if self.transformation in DIRECT else "INDIRECT"


class ArtifactRead(_Part):
    """A column that a model's SQL reads, whatever becomes of it."""

    dataset: str
    column: str


class ArtifactColumn(_Part):
    """A column of a table; ``type`` as the engine names it.

    It is not ``nullable`` where no published row can hold NULL: a test or the SQL itself sees to it.
    ``inputs`` are the columns of other tables that it is made from or that decide its value.
    """

    name: str
    type: str
    nullable: bool
    description: str | None
    inputs: tuple[ArtifactInput, ...]


class TestRef(_Part):
    """A dbt test, by its unique id, with what its failure means."""

    __test__ = False

    unique_id: str
    name: str
    blocking: bool


class Microbatch(_Part):
    """How an incremental model is built in batches of time; ``begin`` is ISO 8601, in UTC."""

    event_time: str
    batch_size: Literal["hour", "day", "month", "year"]
    begin: str


class Transform(_Part):
    """One dbt model: ``depends_on`` names models, seeds and sources by unique id."""

    name: str
    unique_id: str
    namespace: str
    table: str
    layer: str | None
    access: Literal["private", "protected", "public"]
    materialized: str
    microbatch: Microbatch | None
    partition_by: tuple[str, ...] | None  # None leaves a table's own partitions as they are
    language: str
    depends_on: tuple[str, ...]
    columns: tuple[ArtifactColumn, ...]
    row_inputs: tuple[ArtifactInput, ...]  # what decides which rows there are, and in which order
    other_reads: tuple[ArtifactRead, ...]  # columns its SQL names besides
    lineage: Literal["known", "unknown"]  # unknown: inputs are missing; where it is bound, no read is
    proof: Literal["bound", "deferred"]
    tags: tuple[str, ...]
    description: str | None
    path: str
    config_digest: str
    source_sha256: str
    tests: tuple[TestRef, ...]


class Seed(_Part):
    """One CSV file that becomes a table; its layer is bronze."""

    name: str
    unique_id: str
    namespace: str
    table: str
    columns: tuple[ArtifactColumn, ...]
    tags: tuple[str, ...]
    description: str | None
    path: str
    config_digest: str
    source_sha256: str
    tests: tuple[TestRef, ...]


class SourceTable(_Part):
    """A dbt source that models read; ``sql_schema`` and ``table`` are where dbt looks.

    ``namespace`` and ``table`` make its dataset; ``product`` is the one of this platform that writes it.
    """

    name: str
    unique_id: str
    source_name: str
    sql_schema: str
    namespace: str
    table: str
    product: str | None
    columns: tuple[ArtifactColumn, ...]
    description: str | None


class ArtifactDeprecation(_Part):
    """A table (by its model's name) or one of its columns that a later version may do without."""

    table: str
    column: str | None
    since: str
    instead: str | None


class DagsterConfig(_Part):
    """What the orchestrator makes of the product; ``schedule`` as floe.yaml says it."""

    location_name: str
    job_name: str
    schedule: dict[str, Any] | None
    tests: tuple[TestRef, ...]  # those that belong to no single model


class EnforcementResultSummary(_Part):
    """How the policy checks ended."""

    passed: bool
    error_count: int
    warning_count: int
    policy_types_checked: list[str]
    enforcement_level: Literal["off", "warn", "strict"]


class CompiledArtifacts(_Part):
    """A product, compiled: the same input gives the same bytes anywhere."""

    version: Literal["0.5.0"] = VERSION
    metadata: ArtifactMetadata
    plugins: PluginChoices
    transforms: tuple[Transform, ...]
    seeds: tuple[Seed, ...]
    sources: tuple[SourceTable, ...]
    deprecations: tuple[ArtifactDeprecation, ...]
    dbt_profiles: dict[str, Any]
    dagster: DagsterConfig
    retention: dict[str, Any] | None
    environments: dict[str, Any]
    enforcement_result: EnforcementResultSummary
    project_digest: str
    shared_digest: str  # of macros, packages and dbt_project.yml: what every model may depend on

    @property
    def nodes(self) -> tuple[Seed | Transform, ...]:
        """Seeds, then models."""
        return (*self.seeds, *self.transforms)

    def to_bytes(self) -> bytes:
        """The canonical form: JSON with sorted keys, two spaces, UTF-8, one newline at the end."""
        tree = self.model_dump(mode="json")
        return (json.dumps(tree, sort_keys=True, indent=2, ensure_ascii=False) + "\n").encode()

    @property
    def digest(self) -> str:
        """sha256 of the canonical form, in hex: the identity of the artifact."""
        return hashlib.sha256(self.to_bytes()).hexdigest()
