"""dbt: core — parses, compiles and builds dbt projects in this process."""

from floe_dbt.plugin import DbtCore

__all__ = ["DbtCore"]
