"""What is left of tables that a run died making: files in the namespace's folder that no catalog ever knew.

Nobody can be reading those, so their age alone decides. A folder is judged only when everything in it lies
where floe puts files, and no metadata in it is of a table that was shown to anybody.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path, PurePath

from floe_iceberg.cleanup import Patience
from floe_iceberg.local_folder import LocalFolder
from floe_iceberg.reachability import StoredFile, folder_of
from floe_iceberg.table import UNPUBLISHED

_OURS = re.compile(
    r"data(/[0-9a-f]{32}(/[^/]+)?(/[^/]+\.parquet)?)?"
    r"|metadata(/[^/]+(\.avro|\.metadata\.json)|/floe-unreachable\.\w+)?"
)


def unmade(
    location: str, tables: Sequence[PurePath], patience: Patience
) -> list[tuple[LocalFolder, list[StoredFile]]]:
    """The folders at the namespace's location that may go, with their files.

    ``tables`` are the folders that tables of the whole catalog have their files in.
    """
    root = folder_of(location)
    found = []
    for path in sorted(root.iterdir()) if root else []:
        if path.is_symlink() or not path.is_dir() or _is_of_a_table(path, tables):
            continue
        entries = [StoredFile.at(entry) for entry in path.rglob("*")]
        if _was_never_shown(path, entries) and all(_may_go(entry, patience) for entry in entries):
            found.append((LocalFolder(path), [entry for entry in entries if entry.path.is_file()]))
    return found


def _is_of_a_table(path: Path, tables: Sequence[PurePath]) -> bool:
    return any(table.is_relative_to(path) or path.is_relative_to(table) for table in tables)


def _was_never_shown(root: Path, entries: Sequence[StoredFile]) -> bool:
    names = [entry.path.relative_to(root).as_posix() for entry in entries]
    return (
        bool(entries)
        and all(_OURS.fullmatch(name) for name in names)
        and all(_is_unpublished(root / name) for name in names if name.endswith(".metadata.json"))
    )


def _may_go(entry: StoredFile, patience: Patience) -> bool:
    return not entry.path.is_symlink() and patience.allows(entry, entry.modified_ms)


def _is_unpublished(path: Path) -> bool:
    try:
        metadata = json.loads(path.read_bytes())
    except ValueError:
        return path.name.startswith("00000-")  # cut off while the first of it was written
    return bool(metadata.get("properties", {}).get(UNPUBLISHED) == "false")
