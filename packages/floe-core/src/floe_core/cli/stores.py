"""What was compiled and written before, opened for reading."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pydantic import ValidationError

from floe_core.cli.artifact_files import nothing_compiled
from floe_core.cli.products import meant_products, platform_products
from floe_core.errors import Problem, SpecError, shown
from floe_core.inlined_views import InlinedView, kept_views, products_with_views
from floe_core.lake import Lake
from floe_core.ledger import Ledger
from floe_core.location import Location, product_name
from floe_core.platform import Platform
from floe_core.run import DEFAULT_ENVIRONMENT
from floe_core.run_result import RunResult
from floe_core.schemas.artifacts import CompiledArtifacts


@dataclass(frozen=True)
class Store:
    """A compiled product and the tables of its platform, opened when first asked for."""

    location: Location
    artifacts: CompiledArtifacts

    @cached_property
    def platform(self) -> Platform:
        return Platform(self.artifacts.plugins)

    @cached_property
    def lake(self) -> Lake:
        return self.platform.catalog.open(self.platform.storage, self.location.state_dir)

    def views(self, of: RunResult | None = None) -> tuple[InlinedView, ...]:
        """The inlined views of every product of the platform, as its last published run had them.

        Those of the product of the run ``of`` are as that run has them.
        """
        state_dir = self.location.state_dir
        ledger = Ledger(state_dir)
        return tuple(
            view
            for product in products_with_views(state_dir)
            for run in (
                [of]
                if of is not None and of.product == product
                else ledger.published(product, DEFAULT_ENVIRONMENT, limit=1)
            )
            for view in kept_views(state_dir, product, run.artifact_digest)
        )


def store_of(location: Location) -> Store | None:
    """The product's store, None if it was never compiled."""
    artifacts = _stored_artifacts(location)
    return Store(location, artifacts) if artifacts else None


def name_of(location: Location) -> str:
    """The product's name, also while its floe.yaml cannot be read."""
    if name := product_name(location.spec_path):
        return name
    store = store_of(location)
    return store.artifacts.metadata.product_name if store else location.product_dir.name


def open_store(product: Path | None, manifest: Path | None) -> tuple[Store, str | None]:
    """A store to read from, and the schema where a reader's unqualified names are looked up.

    The schema is that of the product that is meant, None when one stands above several. Raises
    SpecError where nothing was compiled yet.
    """
    meant = meant_products(product, manifest)
    products = [*meant, *platform_products(manifest)]
    for location in products:
        if store := store_of(location):
            return store, store.artifacts.metadata.sql_name if meant == [location] else None
    raise SpecError(nothing_compiled(products))


def _stored_artifacts(location: Location) -> CompiledArtifacts | None:
    path = location.artifacts_path
    try:
        return CompiledArtifacts.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError as error:
        raise SpecError(
            Problem("FLOE-E013", f"'{shown(path)}' is not of this version of floe", hint="floe compile")
        ) from error
