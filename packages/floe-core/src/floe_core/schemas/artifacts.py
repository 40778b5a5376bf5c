"""The compiled artifact: what the compiler hands to everybody else, and the only thing it does."""

from __future__ import annotations

import hashlib
from typing import Any, Literal

from pydantic import Field
from pydantic_core import to_json

from floe_core.schemas.artifact_nodes import (
    ArtifactColumn,
    ArtifactInput,
    ArtifactRead,
    Microbatch,
    Seed,
    SourceTable,
    TestRef,
    Transform,
)
from floe_core.schemas.artifact_part import ArtifactPart
from floe_core.schemas.artifact_plugins import PluginChoice, PluginChoices

__all__ = [
    "VERSION",
    "ArtifactColumn",
    "ArtifactDeprecation",
    "ArtifactInput",
    "ArtifactMetadata",
    "ArtifactRead",
    "CompiledArtifacts",
    "DagsterConfig",
    "EnforcementResultSummary",
    "Microbatch",
    "PluginChoice",
    "PluginChoices",
    "Seed",
    "SourceTable",
    "TestRef",
    "Transform",
]

VERSION: Literal["0.5.0"] = "0.5.0"


class ArtifactMetadata(ArtifactPart):
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


class ArtifactDeprecation(ArtifactPart):
    """A table (by its model's name) or one of its columns that a later version may do without."""

    table: str = Field(description="The name of the table's model.")
    column: str | None = Field(description="The column; null for the whole table.")
    since: str = Field(description="The version since which it is deprecated.")
    instead: str | None = Field(description="What to read instead.")


class DagsterConfig(ArtifactPart):
    """What the orchestrator makes of the product; ``schedule`` as floe.yaml says it."""

    location_name: str = Field(description="The name of the code location.")
    job_name: str = Field(description="The name of the job.")
    schedule: dict[str, Any] | None = Field(
        description="When the product runs by itself, as floe.yaml says it."
    )
    tests: tuple[TestRef, ...] = Field(description="The tests that belong to no single model.")


class EnforcementResultSummary(ArtifactPart):
    """How the policy checks ended."""

    passed: bool = Field(description="Whether no policy refused.")
    error_count: int = Field(description="How many breaches refuse.")
    warning_count: int = Field(description="How many breaches were told and let through.")
    policy_types_checked: list[str] = Field(description="The rules that were checked.")
    enforcement_level: Literal["off", "warn", "strict"] = Field(
        description="What a breach does where its rule says nothing else."
    )


class CompiledArtifacts(ArtifactPart):
    """A product, compiled: the same input gives the same bytes anywhere."""

    version: Literal["0.5.0"] = Field(VERSION, description="The version of this format.")
    metadata: ArtifactMetadata = Field(description="Which product this is.")
    plugins: PluginChoices = Field(description="The chosen plugins.")
    transforms: tuple[Transform, ...] = Field(description="The models, by unique id.")
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
        # pydantic's serializer indents fast and does not sort, json's sorts and indents slowly
        return to_json(_ordered(self.model_dump(mode="json")), indent=2) + b"\n"

    @property
    def digest(self) -> str:
        """sha256 of the canonical form, in hex: the identity of the artifact."""
        return hashlib.sha256(self.to_bytes()).hexdigest()


def _ordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _ordered(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [_ordered(each) for each in value]
    return value
