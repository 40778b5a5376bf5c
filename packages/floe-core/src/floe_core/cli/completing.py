"""What a shell may complete, from files and the ledger: at once, and silent where nothing is known."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from floe_core.cli.products import meant_products, platform_products
from floe_core.errors import FloeError
from floe_core.location import Location, find_products, product_name

Candidates = Iterator[tuple[str, str]]
Completion = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]

_NOTHING_KNOWN = (FloeError, OSError, sqlite3.Error, ValueError, LookupError, TypeError, AttributeError)
_LAST_WORD = re.compile(r"[\w.]*$")
_RUNS = 20


def completing(candidates: Callable[[click.Context], Candidates]) -> Completion:
    """A click completion from (word, help) pairs; folders where no word fits."""

    def complete(context: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem]:
        try:
            found = [CompletionItem(word, help=told) for word, told in candidates(context)]
        except _NOTHING_KNOWN:
            found = []
        fits = [item for item in found if item.value.startswith(begun)]
        return fits or ([CompletionItem(begun, type="dir")] if isinstance(parameter.type, click.Path) else [])

    return complete


def products(context: click.Context) -> Candidates:
    """The products of the platform here, by name."""
    for location in find_products(Path.cwd(), manifest=context.params.get("manifest")):
        if name := product_name(location.spec_path):
            yield name, str(location.product_dir)


def models(context: click.Context) -> Candidates:
    """The models and seeds of the product that is meant, as it was compiled last."""
    for location in _meant(context):
        for node in _nodes(_artifact(location)):
            yield node["name"], node["path"]


def runs(context: click.Context) -> Candidates:
    """The last runs of the products that are meant."""
    from floe_core.ledger import Ledger

    for location in _meant(context):
        for run in Ledger(location.state_dir).runs(product_name(location.spec_path), limit=_RUNS):
            if run.attempt == 1:
                yield run.run_id, f"{run.product}, {run.state}, {run.started_at:%Y-%m-%d %H:%M}"


def tables(context: click.Context, _: click.Parameter, begun: str) -> list[CompletionItem]:
    """The text with its last word completed to a table's name as SQL knows it."""
    found = _LAST_WORD.search(begun)
    assert found  # it matches nothing, too
    text, word = begun[: found.start()], found[0]
    try:
        names = list(_table_names(context))
    except _NOTHING_KNOWN:
        names = []
    return [CompletionItem(f"{text}{name}") for name in names if word and name.startswith(word)]


def _table_names(context: click.Context) -> Iterator[str]:
    meant = _meant(context)
    for location in platform_products(context.params.get("manifest")):
        artifact = _artifact(location)
        own = artifact["metadata"]["sql_name"] if meant == [location] else None
        for node in _nodes(artifact):
            schema = re.sub(r"\W", "_", node["namespace"])
            yield node["table"] if schema == own else f"{schema}.{node['table']}"


def _meant(context: click.Context) -> list[Location]:
    return meant_products(context.params.get("product"), context.params.get("manifest"))


def _artifact(location: Location) -> dict[str, Any]:
    """The artifact as it lies there: its model would take longer to import than the file to read."""
    try:
        artifact: dict[str, Any] = json.loads(location.artifacts_path.read_bytes())
    except FileNotFoundError:
        return {"metadata": {"sql_name": None}, "transforms": [], "seeds": []}
    return artifact


def _nodes(artifact: dict[str, Any]) -> list[dict[str, Any]]:
    return [*artifact["transforms"], *artifact["seeds"]]
