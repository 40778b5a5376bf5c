"""What a data team says about its product: ``floe.yaml``."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from floe_core.schemas.environment import Environments
from floe_core.schemas.section import Section
from floe_core.schemas.settings import Compute, Retention, Schedule
from floe_core.schemas.values import Name, RelativePath, Text, Version


class ProductMetadata(Section):
    """Who the product is."""

    name: Name = Field(description="The product's name, also its namespace in the catalog.")
    version: Version = Field("0.0.0", description="The product's version.")
    owner: Text | None = Field(None, description="The team or person who answers for the product.")
    description: Text | None = Field(None, description="What the product is, in a sentence.")


class DbtProject(Section):
    """Where the dbt project is."""

    project: RelativePath = Field(".", description="The dbt project's folder, relative to this file.")


class Deprecation(Section):
    """A table or a column that a later version may do without, once nobody reads it any more."""

    column: Text | None = Field(None, description="The column, as MODEL.COLUMN.")
    table: Text | None = Field(None, description="The whole table, by its model's or seed's name.")
    since: Version = Field(description="The version of the product that says so first.")
    instead: Text | None = Field(None, description="What to read instead, for those who read it.")

    @model_validator(mode="after")
    def _one_thing(self) -> Deprecation:
        if (self.column is None) == (self.table is None):
            raise PydanticCustomError("one_of", "expected one of 'column' and 'table'")
        if self.column and self.column.count(".") != 1:
            raise PydanticCustomError("column", "'column' is MODEL.COLUMN, as in customers.city")
        return self


class FloeSpec(Section):
    """A data product, as its team describes it."""

    api_version: Literal["floe.dev/v1"] = Field("floe.dev/v1", description="The version of this format.")
    kind: Literal["Product"] = Field("Product", description="What this file describes.")
    metadata: ProductMetadata = Field(description="Who the product is.")
    platform: RelativePath | None = Field(
        None, description="The platform's manifest.yaml, relative to this file; else it is looked for above."
    )
    dbt: DbtProject = Field(DbtProject(), description="Where the dbt project is.")
    compute: Compute | None = Field(
        None, description="Another compute plugin than the platform's, or other settings of the same."
    )
    schedule: Schedule | None = Field(None, description="When the product runs by itself.")
    retention: Retention | None = Field(None, description="How long rows are kept.")
    views: Literal["table", "inline"] = Field(
        "table",
        description="What dbt's views become: tables like every model, or named queries that what reads"
        " them inlines; a model says otherwise for itself with 'meta: {floe: {views: inline}}'.",
    )
    exposes: tuple[Name, ...] | None = Field(
        None, description="The layers other products may read; all, unless the platform says which."
    )
    deprecations: tuple[Deprecation, ...] = Field(
        (), description="Columns and tables that a later version may do without."
    )
    environments: Environments = Field({}, description="What differs between the environments.")
