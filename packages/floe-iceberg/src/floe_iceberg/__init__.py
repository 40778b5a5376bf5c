"""The table engine: runs as transactions on Iceberg tables.

Every parquet file, manifest and commit of floe is made in this package; everybody else calls
``IcebergTableManager`` and the ``RunTransaction`` it opens.
"""

from floe_iceberg.alter import Alteration
from floe_iceberg.describe import Column, SnapshotDescription, TableDescription
from floe_iceberg.docs import Docs
from floe_iceberg.evolve import OnSchemaChange
from floe_iceberg.layout import check_layout
from floe_iceberg.manager import IcebergTableManager
from floe_iceberg.part import Part
from floe_iceberg.process_run import current_run
from floe_iceberg.run import RunTransaction
from floe_iceberg.schema import duckdb_type, iceberg_type
from floe_iceberg.seat import Seat
from floe_iceberg.table import TableId
from floe_iceberg.unreadable import unreadable
from floe_iceberg.writer import WriteOptions
from floe_iceberg.writing import WriteMode

__all__ = [
    "Alteration",
    "Column",
    "Docs",
    "IcebergTableManager",
    "OnSchemaChange",
    "Part",
    "RunTransaction",
    "Seat",
    "SnapshotDescription",
    "TableDescription",
    "TableId",
    "WriteMode",
    "WriteOptions",
    "check_layout",
    "current_run",
    "duckdb_type",
    "iceberg_type",
    "unreadable",
]
