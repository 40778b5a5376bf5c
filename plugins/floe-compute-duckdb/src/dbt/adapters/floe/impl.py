"""The adapter: relations are looked up in the catalog, and written by the run's transaction."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dbt.adapters.base import BaseRelation, available
from dbt.adapters.base.column import Column
from dbt.adapters.contracts.relation import RelationType
from dbt.adapters.duckdb.column import DuckDBColumn
from dbt.adapters.duckdb.impl import DuckDBAdapter
from dbt.adapters.floe.catalog import Listed, Wanted, catalog
from dbt.adapters.floe.connections import FloeConnectionManager
from dbt.adapters.floe.contract import breaches
from dbt.adapters.floe.foreign_keys import foreign_keys
from dbt.adapters.floe.guard import REFUSAL, refuse_rows_left
from dbt.adapters.floe.keys import is_column, unquoted
from dbt.adapters.floe.lake import LakeTables
from dbt.adapters.floe.ownership import maker
from dbt.adapters.floe.seeds import SeedProblem, check, misnamed, seed_select
from dbt.adapters.floe.strategies import is_replaced
from dbt_common.contracts.constraints import ColumnLevelConstraint, ConstraintType, ModelLevelConstraint
from dbt_common.exceptions import DbtRuntimeError

from floe_compute_duckdb.empty_database import type_name
from floe_compute_duckdb.names import mentioned_paths, quoted
from floe_compute_duckdb.unsupported import unsupported
from floe_core.inlined_views import InlinedView
from floe_iceberg import Docs, OnSchemaChange, Part, TableId, WriteMode

if TYPE_CHECKING:
    import agate  # type: ignore[import-untyped]


class FloeAdapter(DuckDBAdapter):
    """dbt-duckdb, with the lake in the place of DuckDB's tables."""

    ConnectionManager = FloeConnectionManager
    connections: FloeConnectionManager

    @classmethod
    def type(cls) -> str:
        return "floe"

    @property
    def _tables(self) -> LakeTables:
        self.connections.cursor()
        return self.connections.floe().tables

    # --- what is there ---

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

    # --- what may not be done to it ---

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

    def _id(self, relation: BaseRelation) -> TableId:
        return self._tables.id(relation.schema or "", relation.identifier or "")

    def _is_of_the_lake(self, relation: BaseRelation) -> bool:
        if getattr(relation, "external", None) or not relation.schema or not relation.identifier:
            return False
        return self._tables.find(relation.schema, relation.identifier) is not None

    def _catalog_supports_foreign_keys(self, database: str) -> bool:
        return False

    @classmethod
    def render_column_constraint(cls, constraint: ColumnLevelConstraint) -> str | None:
        rendered: str | None = super().render_column_constraint(constraint)
        return None if constraint.type == ConstraintType.foreign_key else rendered

    @classmethod
    def render_model_constraint(cls, constraint: ModelLevelConstraint) -> str | None:
        rendered: str | None = super().render_model_constraint(constraint)
        return None if constraint.type == ConstraintType.foreign_key else rendered

    # --- what materializations call ---

    @available
    def floe_begin(self, relation: BaseRelation) -> None:
        """By hand, begin the run of the model; it then sees the table as it is now, and no later."""
        cursor, environment = self.connections.cursor(), self.connections.floe()
        with self.connections.exception_handler(""):
            if not self.connections.access.begin():
                return
            table = self._tables.find(relation.schema or "", relation.identifier or "")
            if table is not None:
                environment.attach(cursor, table)

    @available
    def floe_publish(self) -> None:
        """By hand, publish what the model's run wrote."""
        with self.connections.exception_handler(""):
            self.connections.access.publish()

    def post_model_hook(self, config: Any, context: Any) -> None:
        self.connections.access.leave()
        if self.connections.get_if_exists() is not None:
            cursor, environment = self.connections.cursor(), self.connections.floe()
            environment.drop_working_tables(cursor)
            built = not isinstance(config, dict)  # a test hands over its whole context instead
            if built and sys.exc_info()[0] is None:  # what has failed already tells its own reason
                refuse_rows_left(environment, cursor, config.model)
        super().post_model_hook(config, context)

    @available
    def floe_write(
        self,
        relation: BaseRelation,
        sql: str,
        *,
        model: str,
        mode: WriteMode,
        unique_key: str | Sequence[str] | None = None,
        on_schema_change: OnSchemaChange = "ignore",
        docs: Mapping[str, Any] | None = None,
        partition_by: str | Sequence[str] | None = None,
        sort_by: str | Sequence[str] | None = None,
        properties: Mapping[str, Any] | None = None,
        replaces: Part | None = None,
    ) -> dict[str, Any]:
        """Write a SELECT's rows to the relation on the run's branch; how many rows it then holds."""
        table, cursor, environment = self._id(relation), self.connections.cursor(), self.connections.floe()
        self.connections.refuse_when_cancelled()
        with self.connections.exception_handler(sql), self.connections.access.writing() as run:
            environment.attach_mentioned(cursor, sql)
            written = run.write(
                cursor,
                table,
                sql,
                model=model,
                mode=mode,
                unique_key=tuple(dict.fromkeys(unquoted(key) for key in _listed(unique_key) or ())),
                on_schema_change=on_schema_change,
                properties={name: _property(value) for name, value in (properties or {}).items()},
                docs=Docs(docs["table"], docs["columns"]) if docs else None,
                partition_by=_listed(partition_by),
                sort_by=_listed(sort_by),
                replaces=replaces,
            )
            environment.written(cursor, relation.schema or "", table)
        return {"rows": written.rows, "snapshot_id": str(written.snapshot_id)}

    @available
    def floe_is_inlined(self, relation: BaseRelation) -> bool:
        """Whether a view stays a query: floe compile has said so."""
        return bool(self._inlined(relation.schema or "", relation.identifier))

    @available
    def floe_inline(self, relation: BaseRelation, sql: str) -> None:
        """Let whoever reads the view have this query; binds it and writes nothing."""
        view = InlinedView(relation.schema or "", relation.identifier or "", sql)
        with self.connections.exception_handler(sql):
            self.connections.floe().define(self.connections.cursor(), view)

    @available
    def floe_part(self, relation: BaseRelation, new: BaseRelation, keys: Sequence[str]) -> Part | None:
        """The files that hold a key of the new rows; None where it takes more than those to find them."""
        names = [unquoted(key) for key in keys]
        here, there = self._stored_types(relation), self._stored_types(new)
        if any(
            here.get(name.lower()) is None or here[name.lower()] != there.get(name.lower()) for name in names
        ):
            return None
        columns = ", ".join(quoted(name) for name in names) or "null"
        with self.connections.exception_handler(str(new)), self.connections.access.writing() as run:
            return run.part_with(
                self.connections.cursor(), self._id(relation), f"select {columns} from {new}", names
            )

    def _stored_types(self, relation: BaseRelation) -> dict[str, str | None]:
        columns = self.get_columns_in_relation(relation)
        return {column.name.lower(): type_name(column.data_type) for column in columns}

    @available
    def floe_is_replaced(self, context: Mapping[str, Any], strategy: str) -> bool:
        """Whether a macro of the project stands in the place of the SQL that the strategy is known for."""
        return is_replaced(context, strategy)

    @available
    def floe_names_columns(self, key: str | Sequence[str] | None) -> bool:
        """Whether a key is columns; dbt-duckdb takes any expression in the place of one for delete+insert."""
        return not isinstance(key, str) or is_column(key)

    @available
    def floe_contract_breach(self, sql: str, model: Mapping[str, Any]) -> str:
        """What of an enforced contract a SELECT does not keep, a line each; binds it and writes nothing."""
        cursor, environment = self.connections.cursor(), self.connections.floe()
        with self.connections.exception_handler(sql):
            environment.attach_mentioned(cursor, sql)
            described = cursor.execute(f"describe (\n{sql}\n)").fetchall()
        return "\n".join(breaches([(str(name), str(kind)) for name, kind, *_ in described], model))

    @available
    def floe_check_foreign_keys(
        self, rows: BaseRelation, target: BaseRelation, model: Mapping[str, Any]
    ) -> None:
        """Fail when a key of the rows is not in the table that the model's contract says it is of."""
        for key in foreign_keys(model):
            own = self._meant(key.to) == tuple(part.lower() for part in self._meant(target))
            there = key._replace(to=str(rows)) if own else key
            _, found = self.execute(there.missing(str(rows)), fetch=True)
            for (told,) in found.rows:
                raise DbtRuntimeError(
                    f'Constraint Error: Violates foreign key constraint because key "{told}" does not exist'
                    f" in the referenced table {key.to}"
                )

    @available
    def floe_delete(self, relation: BaseRelation | str, predicate: str, graph: Mapping[str, Any]) -> int:
        """Delete the rows that the predicate is true for on the run's branch; how many there were."""
        cursor, environment = self.connections.cursor(), self.connections.floe()
        schema, name = self._meant(relation)
        model = maker(graph, schema, name)
        self.connections.refuse_when_cancelled()
        with self.connections.exception_handler(predicate), self.connections.access.writing() as run:
            table = self._tables.id(schema, name)
            environment.attach_mentioned(cursor, predicate)
            deleted = run.delete(cursor, table, predicate, model=model)
            environment.written(cursor, schema, table)
        return deleted

    def _meant(self, relation: BaseRelation | str) -> tuple[str, str]:
        """Schema and name of a relation, or of a dotted name."""
        if isinstance(relation, BaseRelation):
            return relation.schema or "", relation.identifier or ""
        paths = [self.connections.floe().schema_and_name(path) for path in mentioned_paths(relation)]
        if len(paths) != 1 or paths[0] is None:
            raise DbtRuntimeError(f"'{relation}' is no name of a table")
        return paths[0]

    @available
    def floe_python(self, model: Mapping[str, Any], code: str, new: BaseRelation) -> None:
        """Run a Python model, whose rows are a temporary table then.

        dbt's own way in is open to a materialization's outermost macro only. dbt-duckdb runs the code with
        one cursor or another, which do not see each other's temporary tables.
        """
        self.connections.refuse_when_cancelled()
        cursor, shared = self.connections.cursor(), new.incorporate(path={"database": "memory"})
        with self.connections.exception_handler(code):
            self.submit_python_job(dict(model), code)
            cursor.execute(f"create temp table {new} as select * from {shared}")
            cursor.execute(f"drop table {shared}")

    @available
    def floe_catalog(self, schemas: Sequence[str], relations: Sequence[BaseRelation]) -> agate.Table:
        """The tables of the schemas, and those of the relations, as 'dbt docs' wants them."""
        wanted = [Wanted(schema) for schema in schemas]
        wanted += [Wanted(relation.schema or "", relation.identifier) for relation in relations]
        database = self.config.credentials.database
        return catalog(self._tables, self.connections.access, database, wanted, self._listed_views)

    def _listed_views(self, wanted: Wanted) -> Iterator[Listed]:
        for view in self._inlined(wanted.schema, wanted.name):
            relation = self._relation(view.schema, view.name, RelationType.View)
            columns = [(column.name, column.dtype, None) for column in self.get_columns_in_relation(relation)]
            yield Listed(view.name, "VIEW", None, columns)

    @available
    def floe_unsupported(self, model: Mapping[str, Any]) -> str | None:
        """Why a node cannot be materialized, if it cannot."""
        config = model["config"]
        return unsupported(
            model["resource_type"], model.get("language", "sql"), config["materialized"], config
        )

    @available
    def floe_seed_columns(
        self, agate_table: agate.Table, column_types: Mapping[str, str], quote_columns: bool | None
    ) -> list[tuple[str, str]]:
        """The columns of a seed's table, with the types that dbt-duckdb would give them."""
        columns = [
            (name, column_types.get(name) or self.convert_type(agate_table, index))
            for index, name in enumerate(agate_table.column_names)
        ]
        if quote_columns is False and (problem := misnamed(columns)):
            raise DbtRuntimeError(problem)
        return columns

    @available
    def floe_seed_select(self, path: str, columns: Sequence[tuple[str, str]], delimiter: str) -> str:
        """The SELECT that reads a seed's file, every column typed."""
        return seed_select(path, columns, delimiter)

    def check_seed(
        self,
        path: str,
        columns: Sequence[tuple[str, str]],
        delimiter: str,
        quote_columns: bool | None = None,
    ) -> SeedProblem | None:
        """Read the file as a run would; what is wrong with it and in which line, or None."""
        if quote_columns is False and (problem := misnamed(columns)):
            return SeedProblem(problem, 1)
        return check(path, columns, delimiter)


def _listed(value: str | Sequence[str] | None) -> tuple[str, ...] | None:
    if value is None or isinstance(value, str):
        return None if value is None else (value,)
    return tuple(value)


def _property(value: Any) -> str:
    """As Iceberg keeps it: a string."""
    return str(value).lower() if isinstance(value, bool) else str(value)
