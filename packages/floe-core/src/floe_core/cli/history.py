"""The ledger, with runs whose process died settled first."""

from __future__ import annotations

from floe_core.cli.stores import store_of
from floe_core.errors import Problem, SpecError
from floe_core.ledger import Ledger
from floe_core.location import Location
from floe_core.recovery import dead_runs, settle_dead_runs
from floe_core.run_result import RunResult


def settled_ledger(location: Location) -> Ledger:
    """The ledger of the product's platform; the catalog is asked only when a run is found dead."""
    ledger = Ledger(location.state_dir)
    if dead_runs(location.state_dir, ledger) and (store := store_of(location)):
        settle_dead_runs(location.state_dir, ledger, store.lake)
    return ledger


def run_named(ledger: Ledger, run: str, product: str | None) -> RunResult:
    """The newest attempt of the run that is meant: its id, the beginning of it, or 'last' of the product.

    Raises SpecError when there is none, or several whose ids begin like this.
    """
    last = ledger.runs(product, limit=1) if run == "last" else []
    if found := last or ledger.find(run):
        return found[0]
    raise SpecError(
        Problem("FLOE-E016", f"no run '{run}', or several whose ids begin like this", hint="floe runs")
    )
