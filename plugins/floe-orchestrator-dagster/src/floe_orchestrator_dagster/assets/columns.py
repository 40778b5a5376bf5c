"""The columns of a table, and where each comes from."""

from __future__ import annotations

from functools import lru_cache

import dagster as dg

from floe_core.schemas.artifacts import ArtifactColumn, Seed, Transform
from floe_orchestrator_dagster.assets.keys import AssetKeys
from floe_orchestrator_dagster.names import Table
from floe_orchestrator_dagster.outline import OutlineSource


def column_schema(table: Table | OutlineSource) -> dg.TableSchema:
    return dg.TableSchema(
        [_column(each.name, each.type, each.description, nullable=each.nullable) for each in table.columns]
    )


def column_lineage(table: Seed | Transform, keys: AssetKeys) -> dg.TableColumnLineage | None:
    """The columns each column's values are made from; None where the artifact knows of none.

    What only decides over rows (a filter, a join) is not among them, as Dagster has no word for it.
    """
    made_from = {column.name: _inputs(column, keys) for column in table.columns}
    known = {name: inputs for name, inputs in made_from.items() if inputs}
    return dg.TableColumnLineage(known) if known else None


@lru_cache(maxsize=4096)
def _column(name: str, type_: str, description: str | None, *, nullable: bool) -> dg.TableColumn:
    """One object for all columns that are alike, as most are in a project of thousands of tables."""
    constraints = None if nullable else dg.TableColumnConstraints(nullable=False)
    return dg.TableColumn(name, type_, description=description, constraints=constraints)


def _inputs(column: ArtifactColumn, keys: AssetKeys) -> list[dg.TableColumnDep]:
    """Each once: a column may be made from another one in two ways, and Dagster knows of none."""
    made_from = dict.fromkeys((each.dataset, each.column) for each in column.inputs if each.type == "DIRECT")
    return [
        dg.TableColumnDep(asset_key=key, column_name=name)
        for dataset, name in made_from
        if (key := keys.of_datasets.get(dataset))
    ]
