"""Foreign keys of a contract. DuckDB cannot hold them: tables of the lake are views to it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from dbt_common.exceptions import DbtRuntimeError

from floe_compute_duckdb.names import literal, quoted

_EXPRESSION = re.compile(r"\s*(?P<to>[^(]+?)\s*\((?P<columns>[^)]+)\)\s*")


class ForeignKey(NamedTuple):
    """Columns, as SQL writes them, whose values must be there together in the other table's."""

    columns: Sequence[str]
    to: str
    to_columns: Sequence[str]

    def missing(self, rows: str) -> str:
        """The query of one key of ``rows`` that the other table lacks, as DuckDB's own message writes it."""
        same = " and ".join(
            f"there.{other} = here.{own}" for own, other in zip(self.columns, self.to_columns, strict=True)
        )
        complete = " and ".join(f"here.{own} is not null" for own in self.columns)
        told = " || ', ' || ".join(
            f"{literal(f'{other}: ')} || here.{own}"
            for own, other in zip(self.columns, self.to_columns, strict=True)
        )
        return (
            f"select {told} from {rows} as here where {complete}"
            f" and not exists (select 1 from {self.to} as there where {same}) limit 1"
        )


def foreign_keys(model: Mapping[str, Any]) -> list[ForeignKey]:
    """Those of the model, then those of its columns."""
    found = [
        _foreign_key(constraint, constraint["columns"])
        for constraint in model.get("constraints") or ()
        if constraint["type"] == "foreign_key"
    ]
    for column in model["columns"].values():
        for constraint in column.get("constraints") or ():
            if constraint["type"] == "foreign_key":
                found.append(_foreign_key(constraint, [_written(column)]))
    return found


def _foreign_key(constraint: Mapping[str, Any], columns: Sequence[str]) -> ForeignKey:
    if constraint.get("to"):
        return ForeignKey(columns, constraint["to"], constraint["to_columns"])
    expression = str(constraint.get("expression") or "")
    parts = _EXPRESSION.fullmatch(expression)
    if parts is None:
        raise DbtRuntimeError(
            f"the foreign key '{expression}' names no columns of the other table: say 'to' and 'to_columns'"
        )
    return ForeignKey(columns, parts["to"], [name.strip() for name in parts["columns"].split(",")])


def _written(column: Mapping[str, Any]) -> str:
    return quoted(column["name"]) if column.get("quote") else str(column["name"])
