"""What a data team says about its product: ``floe.yaml``."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from floe_core.schemas.environment import Environments
from floe_core.schemas.section import Section
from floe_core.schemas.values import (
    Cron,
    Duration,
    Name,
    RelativePath,
    Text,
    Timezone,
    Version,
    seconds,
)


class ProductMetadata(Section):
    """Who the product is."""

    name: Name = Field(description="The product's name, also its namespace in the catalog.")
    version: Version = Field("0.0.0", description="The product's version.")
    owner: Text | None = Field(None, description="The team or person who answers for the product.")
    description: Text | None = Field(None, description="What the product is, in a sentence.")


class DbtProject(Section):
    """Where the dbt project is."""

    project: RelativePath = Field(".", description="The dbt project's folder, relative to this file.")


class Schedule(Section):
    """When the product runs by itself."""

    every: Duration | None = Field(
        None, description="Run again after this long, such as 10m; 10m when nothing is said."
    )
    cron: Cron | None = Field(None, description="Run at these times, as a cron expression.")
    timezone: Timezone | None = Field(None, description="The time zone of cron; UTC when nothing is said.")
    catch_up: Literal["once", "never"] | None = Field(
        None, description="After a pause with missed times: run once (when nothing is said), or never."
    )
    when: Literal["upstream-changed"] | None = Field(
        None, description="Run when a product that is read from has published; alone, or beside a time."
    )

    @model_validator(mode="before")
    @classmethod
    def _default(cls, data: object) -> object:
        return {"every": "10m"} if data == {} else data

    @model_validator(mode="after")
    def _one_way(self) -> Schedule:
        timed = (self.every is not None) + (self.cron is not None)
        if timed == 2 or (timed == 0 and self.when is None):
            raise PydanticCustomError("one_of", "expected one of 'every' and 'cron'")
        if self.catch_up and not timed:
            raise PydanticCustomError("needs", "'catchUp' is for 'every' and 'cron' only")
        if self.timezone and not self.cron:
            raise PydanticCustomError("needs", "'timezone' is for 'cron' only")
        if self.every and seconds(self.every) < 60:
            raise PydanticCustomError("too_often", "'every' is at least 1m")
        return self


class Retention(Section):
    """How long rows are kept."""

    max_age: Duration = Field(description="Rows older than this are deleted.")
    column: Text = Field(description="The timestamp column that tells a row's age.")

    @property
    def max_age_s(self) -> int:
        return seconds(self.max_age)


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
    compute: Text | None = Field(None, description="A compute plugin other than the platform's.")
    schedule: Schedule | None = Field(None, description="When the product runs by itself.")
    retention: Retention | None = Field(None, description="How long rows are kept.")
    exposes: tuple[Name, ...] | None = Field(
        None, description="The layers other products may read; all, unless the platform says which."
    )
    deprecations: tuple[Deprecation, ...] = Field(
        (), description="Columns and tables that a later version may do without."
    )
    environments: Environments = Field({}, description="What differs between the environments.")
