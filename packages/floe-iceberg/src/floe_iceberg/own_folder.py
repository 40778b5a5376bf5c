"""Which folder is a table's own, so that what nobody needs in it may go."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePath

from pyiceberg.table import Table

from floe_iceberg.cleanup import Folder
from floe_iceberg.local_folder import LocalFolder
from floe_iceberg.object_folder import ObjectFolder
from floe_iceberg.reachability import place_of


def own_folder(table: Table, places: Sequence[tuple[PurePath, str]]) -> Folder | str:
    """The folder at the table's location, or why it is not the table's own.

    ``places`` are those of all other tables, with their names.
    """
    location = table.metadata.location
    root = place_of(location)
    if root is None or (not isinstance(root, Path) and len(root.parts) < 3):  # a whole bucket
        return f"its files stay: '{location}' is no folder on a local disk or in an S3 store"
    owner = next((name for place, name in places if root.is_relative_to(place)), None)
    if owner:
        return f"its files stay: its folder is also that of '{owner}'"
    within = [place for place, _ in places if place.is_relative_to(root)]
    if isinstance(root, Path):
        return LocalFolder(root, [Path(place) for place in within])
    return ObjectFolder(location, table.io, within)
