"""The tables of an artifact: models, seeds and sources with their columns, and the tests of each."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from floe_core.schemas.artifact_part import ArtifactPart
from floe_core.schemas.lineage import DIRECT, Transformation


class ArtifactInput(ArtifactPart):
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


class ArtifactRead(ArtifactPart):
    """A column that a model's SQL reads, whatever becomes of it."""

    dataset: str = Field(description="The table, as namespace and name.")
    column: str = Field(description="The column's name.")


class ArtifactColumn(ArtifactPart):
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


class TestRef(ArtifactPart):
    """A dbt test, by its unique id, with what its failure means."""

    __test__ = False

    unique_id: str = Field(description="dbt's id of the test.")
    name: str = Field(description="The test's name.")
    blocking: bool = Field(description="Whether its failure keeps the run from being published.")


class Microbatch(ArtifactPart):
    """How an incremental model is built in batches of time; ``begin`` is ISO 8601, in UTC."""

    event_time: str = Field(description="The column that tells a row's time.")
    batch_size: Literal["hour", "day", "month", "year"] = Field(description="How long a batch is.")
    begin: str = Field(description="When the first batch begins: ISO 8601, in UTC.")


class Transform(ArtifactPart):
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


class Seed(ArtifactPart):
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


class SourceTable(ArtifactPart):
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
