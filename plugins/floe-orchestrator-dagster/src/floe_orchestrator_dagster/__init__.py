"""Dagster as the orchestrator: one code location, one job and one transaction for each product."""

from floe_orchestrator_dagster.plugin import DagsterOrchestratorPlugin

__all__ = ["DagsterOrchestratorPlugin"]
