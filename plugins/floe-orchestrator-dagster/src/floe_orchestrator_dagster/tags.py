"""The tags a run carries from who asked for it to the step that does it."""

from __future__ import annotations

from dagster._core.storage.tags import MAX_RETRIES_TAG

from floe_orchestrator_dagster.names import Product

PRODUCT = "floe/product"
SELECT = "floe/select"
FULL_REFRESH = "floe/full-refresh"
TICK = "floe/tick"
UNATTENDED = "floe/unattended"


def job_tags(artifacts: Product) -> dict[str, str]:
    """What every run of the product's job carries: whose it is, and how often Dagster retries it."""
    retries = artifacts.plugins.orchestrator.config.get("runRetries", 0)
    return {PRODUCT: artifacts.metadata.product_name, MAX_RETRIES_TAG: str(retries)}


def unattended(product: str) -> dict[str, str]:
    """What a run carries that nobody asked for: of two of one product the later waits for its turn."""
    return {UNATTENDED: product}
