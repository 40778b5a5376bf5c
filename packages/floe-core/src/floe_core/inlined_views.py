"""Views that stay queries: their definitions, beside the generated files and kept with what was run.

An artifact holds no SQL, and dbt renders a view only when it is selected; what reads it may be built, or
asked for, without it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from floe_core.location import Location
from floe_core.whole_file import write_if_changed

_FILE = "views.json"


class InlinedView(NamedTuple):
    """A view by the schema and name that SQL knows it by, with its query."""

    schema: str
    name: str
    sql: str


def write_views(folder: Path, views: Iterable[InlinedView]) -> None:
    """Write the views beside a product's generated files; no file where there are none."""
    path, ordered = folder / _FILE, sorted(views)
    if ordered:
        write_if_changed(path, (json.dumps(ordered, indent=2) + "\n").encode())
    else:
        path.unlink(missing_ok=True)


def read_views(folder: Path) -> tuple[InlinedView, ...]:
    """The views of the product whose generated files these are."""
    return _read(folder / _FILE)


def keep_views(location: Location, product: str, digest: str) -> None:
    """Keep the views as a run of the artifact finds them: they are part of what it publishes."""
    if views := read_views(location.generated_dir):
        write_if_changed(_kept(location.state_dir, product, digest), (json.dumps(views) + "\n").encode())


def kept_views(state_dir: Path, product: str, digest: str) -> tuple[InlinedView, ...]:
    """The views as runs of the artifact had them."""
    return _read(_kept(state_dir, product, digest))


def products_with_views(state_dir: Path) -> list[str]:
    """The products that have run with any."""
    return sorted(folder.name for folder in (state_dir / "views").glob("*"))


def _kept(state_dir: Path, product: str, digest: str) -> Path:
    return state_dir / "views" / product / f"{digest}.json"


def _read(path: Path) -> tuple[InlinedView, ...]:
    try:
        return tuple(InlinedView(*view) for view in json.loads(path.read_bytes()))
    except FileNotFoundError:
        return ()
