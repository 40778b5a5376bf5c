"""dbt contracts in a run: what compiling has checked, also where the SQL shows only now, and foreign keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dbt.adapters.base import BaseRelation, available
from dbt.adapters.floe.foreign_keys import foreign_keys
from dbt.adapters.floe.relations import LakeRelations
from dbt_common.contracts.constraints import ColumnLevelConstraint, ConstraintType, ModelLevelConstraint
from dbt_common.exceptions import DbtRuntimeError

from floe_compute_duckdb.empty_database import stored, type_name

_Columns = Sequence[tuple[str, str]]
"""Names and types as DuckDB tells them of a query."""


def breaches(found: _Columns, model: Mapping[str, Any]) -> Iterator[str]:
    """What of the model's contract its columns do not keep, each with dbt's own words for it at the end."""
    yield from _unkept(found, model, "contract")
    promised = {str(name).casefold() for name in model["columns"]}
    for name, _ in found:
        if name.casefold() not in promised:
            yield f"the SQL has a column '{name}', the contract does not: missing in contract"


def _unkept(given: _Columns, model: Mapping[str, Any], promise: str) -> Iterator[str]:
    """Promised columns that are not there or of another type.

    Types are compared as Iceberg stores them: a SMALLINT keeps a contract of INTEGER.
    """
    promised = {str(name).casefold(): column for name, column in model["columns"].items()}
    found = {name.casefold(): (name, kind) for name, kind in given}
    kept = {column.name.casefold(): column.type for column in stored(given)}
    for key, column in promised.items():
        if key not in found:
            yield f"the {promise} has a column '{column['name']}', the SQL does not: missing in definition"
        elif type_name(column["data_type"]) != kept[key]:
            yield (
                f"column '{column['name']}' is {found[key][1]}, the {promise} says {column['data_type']}:"
                " data type mismatch"
            )


class Contracts(LakeRelations):
    """Constraints that DuckDB checks before anything is written; foreign keys are looked up."""

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

    @available
    def floe_contract_breach(self, sql: str, model: Mapping[str, Any]) -> str:
        """What of an enforced contract a SELECT does not keep, a line each; binds it and writes nothing."""
        return "\n".join(breaches(self._columns_of(sql), model))

    @available
    def floe_description_breach(self, sql: str, model: Mapping[str, Any]) -> str:
        """What a SELECT does not keep of the columns that compiling took from the model's description.

        It takes them where the query shows only in the run and every described column has a type.
        """
        typed = [column.get("data_type") for column in model["columns"].values()]
        if not typed or not all(typed) or model["unique_id"] not in self.connections.deferred:
            return ""
        return "\n".join(_unkept(self._columns_of(sql), model, "description"))

    def _columns_of(self, sql: str) -> _Columns:
        cursor, environment = self.connections.cursor(), self.connections.floe()
        with self.connections.exception_handler(sql):
            environment.attach_mentioned(cursor, sql)
            described = cursor.execute(f"describe (\n{sql}\n)").fetchall()
        return [(str(name), str(kind)) for name, kind, *_ in described]

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
