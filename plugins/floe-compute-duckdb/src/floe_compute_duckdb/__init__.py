"""compute: duckdb — DuckDB computes, and dbt's adapter ``type: floe`` lands its results in Iceberg."""

from floe_compute_duckdb.plugin import DuckDB

__all__ = ["DuckDB"]
