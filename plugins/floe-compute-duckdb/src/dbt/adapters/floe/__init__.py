"""dbt's adapter ``type: floe``: DuckDB computes, every relation is an Iceberg table."""

from dbt.adapters.base import AdapterPlugin
from dbt.adapters.floe.credentials import FloeCredentials
from dbt.adapters.floe.impl import FloeAdapter
from dbt.adapters.floe.namespace import PACKAGE, offer
from dbt.adapters.floe.target import answer_as_duckdb
from dbt.include import floe

offer()
answer_as_duckdb()

Plugin = AdapterPlugin(
    adapter=FloeAdapter,  # type: ignore[arg-type]  # as dbt-duckdb has it
    credentials=FloeCredentials,
    include_path=floe.PACKAGE_PATH,
    dependencies=["duckdb"],
    project_name=PACKAGE,
)
