"""Tables as datasets of OpenLineage."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from floe_core.lineage import facets
from floe_core.lineage.facets import Json
from floe_core.schemas.artifacts import ArtifactInput, CompiledArtifacts, Seed, SourceTable, Transform

Table = Seed | Transform | SourceTable

_CATALOG_TYPES = {"sql": "jdbc"}
"""What Iceberg itself calls them where that is another word than the protocol's."""


@dataclass(frozen=True)
class Naming:
    """Where the tables of a platform are: OpenLineage knows an Iceberg table by warehouse and identifier."""

    catalog: str
    protocol: str
    warehouse: str

    def dataset(self, identifier: str) -> Json:
        """The dataset of ``namespace.table``."""
        return {"namespace": self.warehouse, "name": identifier}


@dataclass(frozen=True)
class Dataset:
    """A table with what is known of it before it is written."""

    identity: Json
    facets: Json

    def as_input(self, snapshot_id: int | None = None, found: Sequence[Json] = ()) -> Json:
        """As something that was read: in this snapshot if that is known, with what tests found in it."""
        said = self._with(("schema",), snapshot_id)
        if found:
            said["inputFacets"] = {"dataQualityAssertions": facets.assertions(found)}
        return said

    def as_output(
        self, snapshot_id: int | None = None, statistics: Json | None = None, *, whole: bool = False
    ) -> Json:
        """As something that is written; ``whole`` is with all that is known of it, which is said once."""
        said = self._with(self.facets if whole else ("schema",), snapshot_id)
        if statistics:
            said["outputFacets"] = {"outputStatistics": statistics}
        return said

    def _with(self, names: Container[str], snapshot_id: int | None) -> Json:
        said = {name: facet for name, facet in self.facets.items() if name in names}
        if snapshot_id is not None:
            said["version"] = facets.dataset_version(snapshot_id)
        return {**self.identity, "facets": said}


@dataclass(frozen=True)
class Datasets:
    """The tables a product reads and writes, by dbt's unique id."""

    artifacts: CompiledArtifacts
    naming: Naming
    _made: dict[str, Dataset] = field(default_factory=dict)

    def find(self, unique_id: str) -> Dataset | None:
        """The table of a seed, a model or a source; None where there is none."""
        table = self._tables.get(unique_id)
        if table is None:
            return None
        if unique_id not in self._made:
            identity = self.naming.dataset(f"{table.namespace}.{table.table}")
            self._made[unique_id] = Dataset(identity, self._facets(table))
        return self._made[unique_id]

    def node(self, unique_id: str) -> Seed | Transform | None:
        """The seed or model of that id."""
        return self._nodes.get(unique_id)

    def read_by(self, unique_id: str) -> tuple[str, ...]:
        """The tables a model reads, through models that are none; each once, in the order of their ids."""
        return tuple(sorted(set(self._walk(unique_id))))

    def sources(self) -> tuple[str, ...]:
        return tuple(source.unique_id for source in self.artifacts.sources)

    @cached_property
    def _nodes(self) -> dict[str, Seed | Transform]:
        return {node.unique_id: node for node in self.artifacts.nodes}

    @cached_property
    def _tables(self) -> dict[str, Table]:
        stored = (node for node in self.artifacts.nodes if getattr(node, "stored", True))
        return {table.unique_id: table for table in (*stored, *self.artifacts.sources)}

    def _walk(self, unique_id: str) -> Iterator[str]:
        for above in getattr(self._nodes.get(unique_id), "depends_on", ()):
            if above in self._tables:
                yield above
            else:
                yield from self._walk(above)

    def _facets(self, table: Table) -> Json:
        naming = self.naming
        kind = _CATALOG_TYPES.get(naming.protocol, naming.protocol)
        said: Json = {
            "storage": facets.storage(),
            "catalog": facets.catalog(naming.catalog, kind, naming.warehouse),
        }
        if table.columns:
            said["schema"] = facets.schema(table.columns)
        if table.description:
            said["documentation"] = facets.dataset_documentation(table.description)
        owner = self.artifacts.metadata.owner
        if owner and not isinstance(table, SourceTable):
            said["ownership"] = facets.dataset_ownership(owner)
        if isinstance(table, Transform) and table.lineage == "known":
            said["columnLineage"] = self._column_lineage(table)
        return said

    def _column_lineage(self, model: Transform) -> Json:
        fields = {
            column.name: {"inputFields": self._input_fields(column.inputs)}
            for column in model.columns
            if column.inputs
        }
        return facets.column_lineage(fields, self._input_fields(model.row_inputs))

    def _input_fields(self, inputs: Sequence[ArtifactInput]) -> list[Json]:
        """Each column that is read once, with everything that is made of it."""
        uses: dict[tuple[str, str], list[Json]] = {}
        for each in inputs:
            use: dict[str, Any] = {"type": each.type, "subtype": each.transformation, "masking": False}
            uses.setdefault((each.dataset, each.column), []).append(use)
        return [
            {**self.naming.dataset(dataset), "field": column, "transformations": transformations}
            for (dataset, column), transformations in uses.items()
        ]
