"""Which products a command is about."""

from __future__ import annotations

from pathlib import Path

from floe_core.location import Location, find_products, locate


def meant_products(product: Path | None, manifest: Path | None) -> list[Location]:
    """The product that is named or stood in, else all products of the platform here.

    Raises SpecError where there is none.
    """
    here = Path.cwd()
    if product is None:
        products = find_products(here, manifest=manifest)
        if len(products) > 1 and not any(here.is_relative_to(found.product_dir) for found in products):
            return products
    return [locate(product, manifest=manifest)]


def platform_products(manifest: Path | None) -> list[Location]:
    """All products of the platform here. Raises SpecError where there is none."""
    return find_products(Path.cwd(), manifest=manifest) or [locate(manifest=manifest)]
