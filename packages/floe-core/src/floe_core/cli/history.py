"""The ledger, with runs whose process died settled first."""

from __future__ import annotations

from floe_core.cli.stores import store_of
from floe_core.ledger import Ledger
from floe_core.location import Location
from floe_core.recovery import dead_runs, settle_dead_runs


def settled_ledger(location: Location) -> Ledger:
    """The ledger of the product's platform; the catalog is asked only when a run is found dead."""
    ledger = Ledger(location.state_dir)
    if dead_runs(location.state_dir, ledger) and (store := store_of(location)):
        settle_dead_runs(location.state_dir, ledger, store.lake)
    return ledger
