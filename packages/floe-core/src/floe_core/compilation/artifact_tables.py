"""The tables of an artifact: models, seeds and sources, each with its columns and where they come from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from floe_core.compilation.digest import value_digest
from floe_core.compilation.layer import layer_of
from floe_core.compilation.names import namespace
from floe_core.compilation.plan import Plan
from floe_core.compilation.views import is_stored
from floe_core.plugins.compute import Column, ColumnInput, Lineage, Proof
from floe_core.plugins.dbt import ParsedNode
from floe_core.schemas.artifacts import (
    ArtifactColumn,
    ArtifactInput,
    ArtifactRead,
    Microbatch,
    Seed,
    SourceTable,
    TestRef,
    Transform,
)

_NOTHING = Lineage(None)


class ArtifactTables:
    """Turns what was parsed and proven into the parts of an artifact."""

    def __init__(self, plan: Plan, proofs: Mapping[str, Proof], deferred: Collection[str]) -> None:
        self._plan = plan
        self._proofs = proofs
        self._deferred = deferred
        self._datasets = {node.unique_id: self._dataset(node) for node in plan.project.nodes}
        self.tests = _tests_by_node(plan)

    def transforms(self) -> tuple[Transform, ...]:
        return tuple(self._transform(node) for node in sorted(self._plan.models(), key=_by_id))

    def seeds(self) -> tuple[Seed, ...]:
        return tuple(self._seed(node) for node in sorted(self._plan.seeds(), key=_by_id))

    def sources(self) -> tuple[SourceTable, ...]:
        return tuple(self._source(node) for node in sorted(self._plan.sources_read(), key=_by_id))

    def _transform(self, node: ParsedNode) -> Transform:
        proof = self._proofs.get(node.unique_id, Proof())
        lineage = proof.lineage or _NOTHING
        return Transform(
            name=node.name,
            unique_id=node.unique_id,
            namespace=namespace(self._plan.product, node.schema),
            table=node.alias,
            layer=layer_of(node, self._plan.sources.manifest.layers),
            access=node.config.get("access") or "protected",
            materialized=node.materialized or "view",
            stored=is_stored(self._plan, node),
            microbatch=_microbatch(node),
            partition_by=_terms(node.config.get("partition_by")),
            language=node.language,
            depends_on=tuple(sorted(node.depends_on)),
            columns=self._columns(node, proof),
            row_inputs=self._inputs(lineage.rows),
            other_reads=tuple(
                ArtifactRead(dataset=self._datasets[relation], column=column)
                for relation, column in lineage.others
            ),
            lineage="unknown" if lineage.columns is None else "known",
            proof="deferred" if proof.columns is None or node.unique_id in self._deferred else "bound",
            tags=tuple(sorted(node.tags)),
            description=node.description or None,
            path=node.path,
            config_digest=value_digest(node.config),
            source_sha256=node.raw_sha256,
            tests=self.tests.get(node.unique_id, ()),
        )

    def _seed(self, node: ParsedNode) -> Seed:
        return Seed(
            name=node.name,
            unique_id=node.unique_id,
            namespace=namespace(self._plan.product, node.schema),
            table=node.alias,
            columns=self._columns(node, self._proofs.get(node.unique_id, Proof())),
            tags=tuple(sorted(node.tags)),
            description=node.description or None,
            path=node.path,
            config_digest=value_digest(node.config),
            source_sha256=node.raw_sha256,
            tests=self.tests.get(node.unique_id, ()),
        )

    def _source(self, node: ParsedNode) -> SourceTable:
        neighbour = self._plan.neighbours.get(node.unique_id)
        return SourceTable(
            name=node.name,
            unique_id=node.unique_id,
            source_name=node.unique_id.split(".")[2],
            sql_schema=node.schema,
            namespace=self._namespace(node),
            table=node.alias,
            product=neighbour.name if neighbour else None,
            columns=self._columns(node, self._proofs.get(node.unique_id, Proof())),
            description=node.description or None,
        )

    def _columns(self, node: ParsedNode, proof: Proof) -> tuple[ArtifactColumn, ...]:
        """The proven columns, else the described ones that have a type."""
        columns = proof.columns
        if columns is None:
            columns = tuple(Column(name, kind) for name, kind in node.columns if kind)
        inputs = proof.lineage.columns if proof.lineage else None
        descriptions = {name.casefold(): text for name, text in node.column_descriptions.items()}
        return tuple(
            ArtifactColumn(
                name=column.name,
                type=column.type,
                nullable=column.name not in proof.not_null,
                description=descriptions.get(column.name.casefold()) or None,
                inputs=self._inputs(inputs[position]) if inputs else (),
            )
            for position, column in enumerate(columns)
        )

    def _inputs(self, inputs: Iterable[ColumnInput]) -> tuple[ArtifactInput, ...]:
        return tuple(
            ArtifactInput(dataset=self._datasets[relation], column=column, transformation=transformation)
            for relation, column, transformation in inputs
        )

    def _dataset(self, node: ParsedNode) -> str:
        return f"{self._namespace(node)}.{node.alias}"

    def _namespace(self, node: ParsedNode) -> str:
        if node.resource_type != "source":
            return namespace(self._plan.product, node.schema)
        neighbour = self._plan.neighbours.get(node.unique_id)
        return namespace(neighbour.name, node.schema) if neighbour else node.schema


def _terms(said: Any) -> tuple[str, ...] | None:
    """A list of terms, or a single one."""
    if said is None:
        return None
    return (str(said),) if isinstance(said, str) else tuple(map(str, said))


def _microbatch(node: ParsedNode) -> Microbatch | None:
    config = node.config
    if node.materialized != "incremental" or config.get("incremental_strategy") != "microbatch":
        return None
    return Microbatch(
        event_time=config["event_time"], batch_size=str(config["batch_size"]), begin=str(config["begin"])
    )


def _tests_by_node(plan: Plan) -> dict[str, tuple[TestRef, ...]]:
    """The tests of each node, and those of none under the empty name."""
    tests: dict[str, tuple[TestRef, ...]] = {}
    for node in sorted(plan.tests(), key=_by_id):
        blocking = (node.severity or "error").lower() != "warn"
        test = TestRef(unique_id=node.unique_id, name=node.name, blocking=blocking)
        tests[node.attached or ""] = (*tests.get(node.attached or "", ()), test)
    return tests


def _by_id(node: ParsedNode) -> str:
    return node.unique_id
