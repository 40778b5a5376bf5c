"""What is left of tables that a run died making: files in the namespace's folder that no catalog ever knew.

Nobody can be reading those, so their age alone decides. A folder is judged only when everything in it lies
where floe puts files, and no metadata in it is of a table that was shown to anybody.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from floe_iceberg.catalog import Home
from floe_iceberg.cleanup import Folder, Patience, Stored
from floe_iceberg.local_folder import LocalFolder
from floe_iceberg.object_folder import ObjectFolder
from floe_iceberg.object_store import folders, is_object, objects
from floe_iceberg.reachability import StoredFile, folder_of, looked_at, place_of
from floe_iceberg.table import UNPUBLISHED

_OURS = re.compile(
    r"data(/[0-9a-f]{32}(/[^/]+)?(/[^/]+\.parquet)?)?"
    r"|metadata(/[^/]+(\.avro|\.metadata\.json)|/floe-unreachable\.\w+)?"
)


@dataclass(frozen=True)
class Unmade:
    """A folder that may go, with its files."""

    name: str
    folder: Folder
    files: Sequence[Stored]


def unmade(home: Home, tables: Sequence[PurePath], patience: Patience) -> list[Unmade]:
    """The folders of the home that may go.

    ``tables`` are the folders that tables of the whole catalog have their files in.
    """
    kind = _in_store if is_object(home.location) else _on_disk
    return list(kind(home, tables, patience))


def _on_disk(home: Home, tables: Sequence[PurePath], patience: Patience) -> Iterator[Unmade]:
    root = folder_of(home.location)
    for path in sorted(root.iterdir()) if root else []:
        if path.is_symlink() or not path.is_dir() or _is_of_a_table(path, tables):
            continue
        there = [StoredFile.at(entry, status) for entry in path.rglob("*") if (status := looked_at(entry))]
        entries = {entry.path.relative_to(path).as_posix(): entry for entry in there}
        if any(entry.path.is_symlink() for entry in there):
            continue
        if _may_go(entries, patience) and _was_never_shown(entries, _reading(path)):
            yield Unmade(path.name, LocalFolder(path), [entry for entry in there if entry.path.is_file()])


def _reading(root: Path) -> Callable[[str], bytes]:
    return lambda name: (root / name).read_bytes()


def _in_store(home: Home, tables: Sequence[PurePath], patience: Patience) -> Iterator[Unmade]:
    for name in folders(home.io, home.location):
        location = f"{home.location}/{name}"
        place = place_of(location)
        if place is None or _is_of_a_table(place, tables):
            continue
        files = list(objects(home.io, location))
        entries = {file.location.removeprefix(f"{location}/"): file for file in files}

        def read(key: str, location: str = location) -> bytes:
            with home.io.new_input(f"{location}/{key}").open() as stream:
                return bytes(stream.read())

        if _may_go(entries, patience) and _was_never_shown(entries, read):
            yield Unmade(name, ObjectFolder(location, home.io, ()), files)


def _is_of_a_table(path: PurePath, tables: Sequence[PurePath]) -> bool:
    return any(table.is_relative_to(path) or path.is_relative_to(table) for table in tables)


def _may_go(entries: Mapping[str, Stored], patience: Patience) -> bool:
    return bool(entries) and all(patience.allows(entry, entry.modified_ms) for entry in entries.values())


def _was_never_shown(names: Mapping[str, Stored], read: Callable[[str], bytes]) -> bool:
    return all(_OURS.fullmatch(name) for name in names) and all(
        _is_unpublished(name, read(name)) for name in names if name.endswith(".metadata.json")
    )


def _is_unpublished(name: str, written: bytes) -> bool:
    try:
        metadata = json.loads(written)
    except ValueError:
        return name.startswith("metadata/00000-")  # cut off while the first of it was written
    return bool(metadata.get("properties", {}).get(UNPUBLISHED) == "false")
