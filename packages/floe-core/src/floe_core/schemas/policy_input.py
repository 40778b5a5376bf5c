"""What a policy is asked about. What nobody has said is left out: it proves nothing."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)


class PlatformFacts(_Part):
    """The platform."""

    name: str = Field(description="Its name.")


class ProductFacts(_Part):
    """The product, as its floe.yaml describes it."""

    name: str = Field(description="Its name.")
    version: str = Field(description="Its version.")
    owner: str | None = Field(None, description="Who answers for it.")
    description: str | None = Field(None, description="What it is.")
    schedule: dict[str, str] | None = Field(None, description="When it runs by itself.")
    retention: dict[str, str] | None = Field(None, description="How long its rows are kept.")
    exposes: tuple[str, ...] | None = Field(None, description="The layers other products may read.")
    plugins: dict[str, str] = Field(description="The name of the chosen plugin, by type.")


class ColumnFacts(_Part):
    """A column that the dbt project describes."""

    name: str = Field(description="Its name.")
    type: str | None = Field(None, description="Its type, if the project says one.")
    description: str | None = Field(None, description="What it is.")
    meta: dict[str, Any] = Field(description="Its meta.")
    tags: tuple[str, ...] = Field(description="Its tags.")


class TestFacts(_Part):
    """A dbt test."""

    __test__ = False

    name: str = Field(description="Its name.")
    blocking: bool = Field(description="Whether its failure stops a run.")


class ReadFacts(_Part):
    """What a model reads directly."""

    name: str = Field(description="Its name.")
    kind: Literal["model", "seed", "source", "snapshot"] = Field(description="What it is.")
    layer: str | None = Field(None, description="Its layer.")


class ModelFacts(_Part):
    """A dbt model."""

    name: str = Field(description="Its name.")
    path: str = Field(description="Its file, relative to the dbt project.")
    package: str = Field(description="The dbt package it comes from.")
    language: str = Field(description="sql or python.")
    layer: str | None = Field(None, description="Its layer.")
    materialized: str = Field(description="How it is built.")
    access: str = Field(description="private, protected or public.")
    group: str | None = Field(None, description="Its dbt group.")
    description: str | None = Field(None, description="What it is.")
    meta: dict[str, Any] = Field(description="Its meta.")
    tags: tuple[str, ...] = Field(description="Its tags.")
    columns: tuple[ColumnFacts, ...] = Field(description="The columns its project describes.")
    tests: tuple[TestFacts, ...] = Field(description="Its tests.")
    reads: tuple[ReadFacts, ...] = Field(description="What it reads directly.")


class ModelInput(_Part):
    """The input of a policy in 'package floe.model.NAME': it is asked once for each model."""

    platform: PlatformFacts
    product: ProductFacts
    model: ModelFacts


class ProductInput(_Part):
    """The input of a policy in 'package floe.product.NAME': it is asked once for each product."""

    platform: PlatformFacts
    product: ProductFacts
    models: tuple[ModelFacts, ...]
