"""The compiled artifact: what the compiler hands to everybody else, and the only thing it does."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import from_json, to_json

from floe_core.plugins.types import PluginType
from floe_core.schemas.lineage import DIRECT, Transformation

VERSION: Literal["0.5.0"] = "0.5.0"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ArtifactMetadata(_Part):
    """Which product this is. ``sql_name`` is its schema in SQL and in dbt."""

    product_name: str = Field(description="The product's name, also its namespace in the catalog.")
    product_version: str = Field(description="The product's version, as floe.yaml says it.")
    sql_name: str = Field(description="The product's schema in SQL and in dbt.")
    owner: str | None = Field(description="The team or person who answers for the product.")
    exposes: tuple[str, ...] | None = Field(
        description="The layers other products may read; null where the platform decides."
    )
    description: str | None = Field(description="What the product is, in a sentence.")
    platform: str = Field(description="The name of the platform it was compiled for.")
    floe_version: str = Field(description="The version of floe that compiled it.")
    dbt_project: str = Field(description="The folder of the dbt project, relative to that of floe.yaml.")


class PluginChoice(_Part):
    """One chosen plugin and its configuration, secrets left out."""

    type: str = Field(description="The plugin's name.")
    version: str = Field(description="The version of the plugin.")
    config: dict[str, Any] = Field(description="Its settings, secrets left out.")


class PluginChoices(_Part):
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


class ArtifactInput(_Part):
    """A column that another one, or a whole table, depends on.

    ``dataset`` is namespace and table as OpenLineage names a dataset, ``transformation`` the subtype of
    its column lineage facet; ``type`` follows from that.
    """

    dataset: str = Field(description="The table, as namespace and name.")
    column: str = Field(description="The column's name.")
    transformation: Transformation = Field(description="How the column is used.")

    @property
    def type(self) -> Literal["DIRECT", "INDIRECT"]:
        return "DIRECT" if self.transformation in DIRECT else "INDIRECT"


class ArtifactRead(_Part):
    """A column that a model's SQL reads, whatever becomes of it."""

    dataset: str = Field(description="The table, as namespace and name.")
    column: str = Field(description="The column's name.")


class ArtifactColumn(_Part):
    """A column of a table; ``type`` as the engine names it.

    It is not ``nullable`` where no published row can hold NULL: a test or the SQL itself sees to it.
    ``inputs`` are the columns of other tables that it is made from or that decide its value.
    """

    name: str = Field(description="The column's name.")
    type: str = Field(description="Its type, as the engine names it.")
    nullable: bool = Field(description="Whether a published row may hold NULL in it.")
    description: str | None = Field(description="What the dbt project says of it.")
    inputs: tuple[ArtifactInput, ...] = Field(
        description="The columns of other tables that it is made from or that decide its value."
    )


class TestRef(_Part):
    """A dbt test, by its unique id, with what its failure means."""

    __test__ = False

    unique_id: str = Field(description="dbt's id of the test.")
    name: str = Field(description="The test's name.")
    blocking: bool = Field(description="Whether its failure keeps the run from being published.")


class Microbatch(_Part):
    """How an incremental model is built in batches of time; ``begin`` is ISO 8601, in UTC."""

    event_time: str = Field(description="The column that tells a row's time.")
    batch_size: Literal["hour", "day", "month", "year"] = Field(description="How long a batch is.")
    begin: str = Field(description="When the first batch begins: ISO 8601, in UTC.")


class Transform(_Part):
    """One dbt model: ``depends_on`` names models, seeds and sources by unique id."""

    name: str = Field(description="The model's name.")
    unique_id: str = Field(description="dbt's id of the model.")
    namespace: str = Field(description="The namespace of its table in the catalog.")
    table: str = Field(description="The name of its table: dbt's alias.")
    layer: str | None = Field(
        description="Its layer, such as gold; null where neither config nor folder says."
    )
    access: Literal["private", "protected", "public"] = Field(description="Who may read it, in dbt's words.")
    materialized: str = Field(description="dbt's materialization.")
    stored: bool = Field(
        description="Whether it is a table; ephemeral models and inlined views are queries only."
    )
    microbatch: Microbatch | None = Field(description="How it is built in batches of time, if it is.")
    partition_by: tuple[str, ...] | None = Field(
        description="Its partitions; null leaves the table's own as they are."
    )
    language: str = Field(description="sql or python.")
    depends_on: tuple[str, ...] = Field(description="The models, seeds and sources it reads, by unique id.")
    columns: tuple[ArtifactColumn, ...] = Field(description="Its columns, as they were bound.")
    row_inputs: tuple[ArtifactInput, ...] = Field(
        description="The columns that decide which rows there are, and in which order."
    )
    other_reads: tuple[ArtifactRead, ...] = Field(description="The columns its SQL names besides.")
    lineage: Literal["known", "unknown"] = Field(
        description="unknown: inputs are missing; where it is bound, no read is."
    )
    proof: Literal["bound", "deferred"] = Field(
        description="bound: its SQL was bound when it was compiled; deferred: it is bound in the run."
    )
    tags: tuple[str, ...] = Field(description="dbt's tags.")
    description: str | None = Field(description="What the dbt project says of it.")
    path: str = Field(description="Its file, relative to the dbt project.")
    config_digest: str = Field(description="sha256 of its config.")
    source_sha256: str = Field(description="sha256 of its own file.")
    tests: tuple[TestRef, ...] = Field(description="The tests of this model.")


class Seed(_Part):
    """One CSV file that becomes a table; its layer is bronze."""

    name: str = Field(description="The seed's name.")
    unique_id: str = Field(description="dbt's id of the seed.")
    namespace: str = Field(description="The namespace of its table in the catalog.")
    table: str = Field(description="The name of its table: dbt's alias.")
    columns: tuple[ArtifactColumn, ...] = Field(description="Its columns, as dbt will type them.")
    tags: tuple[str, ...] = Field(description="dbt's tags.")
    description: str | None = Field(description="What the dbt project says of it.")
    path: str = Field(description="Its file, relative to the dbt project.")
    config_digest: str = Field(description="sha256 of its config.")
    source_sha256: str = Field(description="sha256 of its own file.")
    tests: tuple[TestRef, ...] = Field(description="The tests of this seed.")


class SourceTable(_Part):
    """A dbt source that models read; ``sql_schema`` and ``table`` are where dbt looks.

    ``namespace`` and ``table`` make its dataset; ``product`` is the one of this platform that writes it.
    """

    name: str = Field(description="The source table's name in dbt.")
    unique_id: str = Field(description="dbt's id of the source table.")
    source_name: str = Field(description="The name of its dbt source.")
    sql_schema: str = Field(description="The schema where dbt looks.")
    namespace: str = Field(description="The namespace of its table in the catalog.")
    table: str = Field(description="The name of its table.")
    product: str | None = Field(description="The product of this platform that writes it, if one does.")
    columns: tuple[ArtifactColumn, ...] = Field(description="Its columns, as far as they are known.")
    description: str | None = Field(description="What the dbt project says of it.")


class ArtifactDeprecation(_Part):
    """A table (by its model's name) or one of its columns that a later version may do without."""

    table: str = Field(description="The name of the table's model.")
    column: str | None = Field(description="The column; null for the whole table.")
    since: str = Field(description="The version since which it is deprecated.")
    instead: str | None = Field(description="What to read instead.")


class DagsterConfig(_Part):
    """What the orchestrator makes of the product; ``schedule`` as floe.yaml says it."""

    location_name: str = Field(description="The name of the code location.")
    job_name: str = Field(description="The name of the job.")
    schedule: dict[str, Any] | None = Field(
        description="When the product runs by itself, as floe.yaml says it."
    )
    tests: tuple[TestRef, ...] = Field(description="The tests that belong to no single model.")


class EnforcementResultSummary(_Part):
    """How the policy checks ended."""

    passed: bool = Field(description="Whether no policy refused.")
    error_count: int = Field(description="How many breaches refuse.")
    warning_count: int = Field(description="How many breaches were told and let through.")
    policy_types_checked: list[str] = Field(description="The rules that were checked.")
    enforcement_level: Literal["off", "warn", "strict"] = Field(
        description="What a breach does where its rule says nothing else."
    )


class CompiledArtifacts(_Part):
    """A product, compiled: the same input gives the same bytes anywhere."""

    version: Literal["0.5.0"] = Field(VERSION, description="The version of this format.")
    metadata: ArtifactMetadata = Field(description="Which product this is.")
    plugins: PluginChoices = Field(description="The chosen plugins.")
    transforms: tuple[Transform, ...] = Field(description="The models, in dependency order.")
    seeds: tuple[Seed, ...] = Field(description="The seeds.")
    sources: tuple[SourceTable, ...] = Field(description="The tables of dbt sources.")
    deprecations: tuple[ArtifactDeprecation, ...] = Field(description="What a later version may do without.")
    dbt_profiles: dict[str, Any] = Field(description="The generated profiles.yml.")
    dagster: DagsterConfig = Field(description="What the orchestrator makes of the product.")
    retention: dict[str, Any] | None = Field(description="How long rows are kept, as floe.yaml says it.")
    environments: dict[str, Any] = Field(description="What differs between the environments.")
    enforcement_result: EnforcementResultSummary = Field(description="How the policy checks ended.")
    project_digest: str = Field(description="Digest of all files of the dbt project and its packages.")
    shared_digest: str = Field(
        description="Digest of macros, packages and dbt_project.yml: what every model may depend on."
    )

    @property
    def nodes(self) -> tuple[Seed | Transform, ...]:
        """Seeds, then models."""
        return (*self.seeds, *self.transforms)

    def to_bytes(self) -> bytes:
        """The canonical form: JSON with sorted keys, two spaces, UTF-8, one newline at the end."""
        # json sorts fast and indents slowly, pydantic's serializer indents fast and does not sort
        ordered = json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
        return to_json(from_json(ordered), indent=2) + b"\n"

    @property
    def digest(self) -> str:
        """sha256 of the canonical form, in hex: the identity of the artifact."""
        return hashlib.sha256(self.to_bytes()).hexdigest()
