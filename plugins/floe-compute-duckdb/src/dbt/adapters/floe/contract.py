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


def breaches(described: Sequence[tuple[str, str]], model: Mapping[str, Any]) -> Iterator[str]:
    """What of the model's contract its columns do not keep, each with dbt's own words for it at the end.

    Types are compared as Iceberg stores them: a SMALLINT keeps a contract of INTEGER.
    """
    promised = {str(name).casefold(): column for name, column in model["columns"].items()}
    found = {name.casefold(): (name, kind) for name, kind in described}
    kept = {column.name.casefold(): column.type for column in stored(described)}
    for key, column in promised.items():
        if key not in found:
            yield f"the contract has a column '{column['name']}', the SQL does not: missing in definition"
        elif type_name(column["data_type"]) != kept[key]:
            yield (
                f"column '{column['name']}' is {found[key][1]}, the contract says {column['data_type']}:"
                " data type mismatch"
            )
    for key, (name, _) in found.items():
        if key not in promised:
            yield f"the SQL has a column '{name}', the contract does not: missing in contract"


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
