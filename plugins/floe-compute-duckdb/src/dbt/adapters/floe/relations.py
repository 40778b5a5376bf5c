"""Relations: looked up in the catalog, and neither dropped, emptied nor renamed."""

from __future__ import annotations

from typing import Any

from dbt.adapters.base import BaseRelation, available
from dbt.adapters.base.column import Column
from dbt.adapters.contracts.relation import RelationType
from dbt.adapters.duckdb.column import DuckDBColumn
from dbt.adapters.duckdb.impl import DuckDBAdapter
from dbt.adapters.floe.connections import FloeConnectionManager
from dbt.adapters.floe.guard import REFUSAL
from dbt.adapters.floe.lake import LakeTables
from dbt_common.exceptions import DbtRuntimeError

from floe_compute_duckdb.names import mentioned_paths
from floe_core.inlined_views import InlinedView
from floe_iceberg import TableId


class LakeRelations(DuckDBAdapter):
    """dbt's questions about relations, answered by the lake and the project's inlined views."""

    ConnectionManager = FloeConnectionManager
    connections: FloeConnectionManager

    @property
    def _tables(self) -> LakeTables:
        self.connections.cursor()
        return self.connections.floe().tables

    def list_schemas(self, database: str) -> list[str]:
        return self._tables.schemas()

    def check_schema_exists(self, database: str, schema: str) -> bool:
        return schema.lower() in {name.lower() for name in self._tables.schemas()}

    def set_relations_cache(self, *_arguments: Any, **_more: Any) -> None:
        """Nothing is looked up ahead: a table is asked for when it is named."""

    @available.parse_none
    def get_relation(self, database: str, schema: str, identifier: str) -> BaseRelation | None:
        if database.lower() != self.config.credentials.database.lower():
            elsewhere: BaseRelation | None = super().get_relation(database, schema, identifier)
            return elsewhere
        if inlined := self._inlined(schema, identifier):
            return self._relation(schema, inlined[0].name, RelationType.View)
        table = self._tables.find(schema, identifier)
        return self._relation(schema, table.name, RelationType.Table) if table else None

    def _relation(self, schema: str, name: str, kind: RelationType) -> BaseRelation:
        return self.Relation.create(
            database=self.config.credentials.database,
            schema=schema,
            identifier=name,
            type=kind,
            quote_policy={"database": True, "schema": True, "identifier": True},
        )

    def list_relations_without_caching(self, schema_relation: BaseRelation) -> list[BaseRelation]:
        inlined = {view.name for view in self._inlined(schema_relation.schema or "")}
        stored = set(self._tables.names(schema_relation.schema or "")) - inlined
        kinds = dict.fromkeys(stored, RelationType.Table) | dict.fromkeys(inlined, RelationType.View)
        return [self._relation(schema_relation.schema or "", *each) for each in sorted(kinds.items())]

    def _inlined(self, schema: str, name: str | None = None) -> list[InlinedView]:
        self.connections.cursor()
        return self.connections.floe().inlined(schema, name)

    def get_columns_in_relation(self, relation: BaseRelation) -> list[Column]:
        if self._inlined(relation.schema or "", relation.identifier):
            self.connections.floe().attach_mentioned(self.connections.cursor(), str(relation))
        elif self._is_of_the_lake(relation):
            access = self.connections.access
            columns = access.manager.columns(self._id(relation), run=access.run)
            return [DuckDBColumn(name, duckdb_type) for name, duckdb_type in columns]
        there: list[Column] = super().get_columns_in_relation(relation)
        return there

    # --- what may not be done to them ---

    def create_schema(self, relation: BaseRelation) -> None:
        self._tables.create_namespace(relation.schema or "")

    def drop_schema(self, relation: BaseRelation) -> None:
        raise DbtRuntimeError(f"schema '{relation.schema}' cannot be dropped: {REFUSAL}")

    def drop_relation(self, relation: BaseRelation) -> None:
        self._refuse_if_of_the_lake(relation, "dropped")
        super().drop_relation(relation)  # type: ignore[no-untyped-call]

    def truncate_relation(self, relation: BaseRelation) -> None:
        self._refuse_if_of_the_lake(relation, "truncated")
        super().truncate_relation(relation)  # type: ignore[no-untyped-call]

    def rename_relation(self, from_relation: BaseRelation, to_relation: BaseRelation) -> None:
        self._refuse_if_of_the_lake(from_relation, "renamed")
        super().rename_relation(from_relation, to_relation)  # type: ignore[no-untyped-call]

    def _refuse_if_of_the_lake(self, relation: BaseRelation, done: str) -> None:
        if self._is_of_the_lake(relation):
            raise DbtRuntimeError(
                f"table '{relation.schema}.{relation.identifier}' cannot be {done}: {REFUSAL}"
            )

    # --- which one is meant ---

    def _is_of_the_lake(self, relation: BaseRelation) -> bool:
        if getattr(relation, "external", None) or not relation.schema or not relation.identifier:
            return False
        return self._tables.find(relation.schema, relation.identifier) is not None

    def _id(self, relation: BaseRelation) -> TableId:
        return self._tables.id(relation.schema or "", relation.identifier or "")

    def _meant(self, relation: BaseRelation | str) -> tuple[str, str]:
        """Schema and name of a relation, or of a dotted name."""
        if isinstance(relation, BaseRelation):
            return relation.schema or "", relation.identifier or ""
        paths = [self.connections.floe().schema_and_name(path) for path in mentioned_paths(relation)]
        if len(paths) != 1 or paths[0] is None:
            raise DbtRuntimeError(f"'{relation}' is no name of a table")
        return paths[0]
