"""The columns of a table, and where each comes from."""

from __future__ import annotations

import dagster as dg

from floe_core.schemas.artifacts import Seed, Transform
from floe_orchestrator_dagster.assets.keys import AssetKeys


def column_schema(table: Seed | Transform) -> dg.TableSchema:
    return dg.TableSchema(
        [dg.TableColumn(column.name, column.type, description=column.description) for column in table.columns]
    )


def column_lineage(table: Seed | Transform, keys: AssetKeys) -> dg.TableColumnLineage | None:
    """The columns each column is made from; None when the artifact does not know."""
    return None
