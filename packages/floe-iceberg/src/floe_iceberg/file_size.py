"""How large a table's files are to be: small where rows are replaced by key, else large."""

from __future__ import annotations

from collections.abc import Mapping

from floe_iceberg.table import TableView

UNIQUE_KEY = "floe.unique-key"  # on tables that rows have been merged into: what by
LARGEST = 128 * 1024 * 1024
_SMALLEST = 8 * 1024 * 1024
_SHARE = 128


def target_file_bytes(
    view: TableView | None, properties: Mapping[str, str], *, at_most: int = LARGEST
) -> int:
    """A merge rewrites whole files, so a keyed table has some hundred of them, whatever it holds.

    Never so small that planning them would cost more than it spares.
    """
    if UNIQUE_KEY not in properties:
        return at_most
    said = view.snapshot.summary if view and view.snapshot else None
    total = int((said and said["total-files-size"]) or 0)
    return min(max(total // _SHARE, _SMALLEST), at_most)
