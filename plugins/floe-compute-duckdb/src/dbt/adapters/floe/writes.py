"""What materializations call: the model's run, and its writes."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from dbt.adapters.base import BaseRelation, available
from dbt.adapters.floe.guard import refuse_rows_left
from dbt.adapters.floe.keys import is_column, unquoted
from dbt.adapters.floe.ownership import maker
from dbt.adapters.floe.relations import LakeRelations
from dbt.adapters.floe.strategies import is_replaced

from floe_compute_duckdb.empty_database import type_name
from floe_compute_duckdb.names import quoted
from floe_iceberg import Docs, OnSchemaChange, Part, WriteMode


class LakeWrites(LakeRelations):
    """Models are written by the transaction of the run."""

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


def _listed(value: str | Sequence[str] | None) -> tuple[str, ...] | None:
    if value is None or isinstance(value, str):
        return None if value is None else (value,)
    return tuple(value)


def _property(value: Any) -> str:
    """As Iceberg keeps it: a string."""
    return str(value).lower() if isinstance(value, bool) else str(value)
