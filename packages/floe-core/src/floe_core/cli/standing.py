"""How a product stands: what was compiled, what ran last, which tables readers see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import click

from floe_core.cli.history import settled_ledger
from floe_core.cli.maintaining import maintenance_item
from floe_core.cli.outcome import short
from floe_core.cli.output import counted, timestamp
from floe_core.cli.shapes import table_item
from floe_core.cli.stores import Store, name_of, store_of
from floe_core.cli.table import table
from floe_core.lake import MaintenanceResult
from floe_core.location import Location
from floe_core.run import DEFAULT_ENVIRONMENT
from floe_core.run_result import RunResult

_HEADERS = ("table", "layer", "rows", "committed", "snapshot")
_RIGHT = (False, False, True)


def product_item(location: Location) -> dict[str, Any]:
    """The product as ``floe status`` says it in JSON; null where nothing is known yet."""
    store = store_of(location)
    name = name_of(location)
    ledger = settled_ledger(location)
    last = next(iter(ledger.runs(name, limit=1)), None)
    maintained = next(iter(ledger.maintenance(name, limit=1)), None)
    return {
        "name": name,
        "environment": last.environment if last else DEFAULT_ENVIRONMENT,
        "version": store.artifacts.metadata.product_version if store else None,
        "digest": store.artifacts.digest if store else None,
        "state": last.state if last else None,
        "last_run": last.run_id if last else None,
        "last_run_at": _moment(last),
        "last_maintenance": _maintenance_item(maintained),
        "tables": _tables(store) if store else [],
    }


def _maintenance_item(done: MaintenanceResult | None) -> dict[str, Any] | None:
    if done is None:
        return None
    return {
        "run_id": done.run_id,
        "state": done.state,
        "reason": done.reason,
        "ended_at": done.ended_at,
        "tables": [maintenance_item(report) for report in done.tables],
    }


def catalog_item(store: Store) -> dict[str, Any]:
    return {"name": store.lake.name, "properties": dict(store.lake.properties)}


def standing_lines(product: dict[str, Any]) -> list[str]:
    """The same for people."""
    head = f"{click.style(product['name'], bold=True)}: {_state(product)}"
    rows = [
        (
            entry["name"],
            entry["layer"] or "",
            f"{entry['rows']:,}",
            timestamp(entry["committed_at"]),
            entry["snapshot_id"],
        )
        for entry in product["tables"]
    ]
    if product["digest"] is None and product["last_run"]:
        lines = ["its tables are shown once it is compiled: floe compile"]
    else:
        lines = table(_HEADERS, rows, right=_RIGHT).splitlines() if rows else ["no tables published yet"]
    left = [entry["name"] for entry in product["tables"] if not entry["in_project"]]
    if left:
        lines.append(f"no model or seed writes {', '.join(left)} any more: what was published stays")
    maintained = product["last_maintenance"]
    if maintained and maintained["state"] != "succeeded":
        lines.append(
            f"maintenance {maintained['state']}, {timestamp(maintained['ended_at'])}: {maintained['reason']}"
        )
    return [head, *(f"  {line}" for line in lines)]


def stray_line(stores: Sequence[Store]) -> str | None:
    """What the catalog holds of products that are not here any more, or that have another name now."""
    if not stores:
        return None
    known = {namespace for store in stores for namespace in _namespaces(store)}
    strays = Counter(
        published.namespace for published in stores[0].lake.tables() if published.namespace not in known
    )
    if not strays:
        return None
    told = ", ".join(f"{counted(count, 'table')} of '{name}'" for name, count in sorted(strays.items()))
    return f"of products that are not here: {told}"


def _namespaces(store: Store) -> set[str]:
    nodes = store.artifacts.nodes
    return {store.artifacts.metadata.product_name, *(node.namespace for node in nodes)}


def _state(product: dict[str, Any]) -> str:
    if product["digest"] is None:
        return "not compiled yet, floe run does both"
    if product["state"] is None:
        return "compiled, not run yet"
    return f"{product['state']}, run {short(product['last_run'])}, {timestamp(product['last_run_at'])}"


def _moment(run: RunResult | None) -> Any:
    return (run.ended_at or run.started_at) if run else None


def _tables(store: Store) -> list[dict[str, Any]]:
    layers: dict[tuple[str, str], str | None] = {
        (seed.namespace, seed.table): "bronze" for seed in store.artifacts.seeds
    }
    layers |= {(model.namespace, model.table): model.layer for model in store.artifacts.transforms}
    return [
        {
            **table_item(published, layers.get((published.namespace, published.name))),
            "in_project": (published.namespace, published.name) in layers,
        }
        for published in store.lake.tables(sorted(_namespaces(store)))
    ]
