"""Which files a table stands on, told apart by what they are and not by how they are spelled."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath
from urllib.parse import unquote

from pyiceberg.manifest import ManifestFile
from pyiceberg.table import Table

from floe_iceberg.object_store import object_id

# what writers of Iceberg tables call their files; anything else in a table's folder is not ours to judge
_SUFFIXES = (".parquet", ".avro", ".orc", ".metadata.json", ".puffin", ".stats")

Identity = Hashable


class UnclearError(Exception):
    """A file the table needs cannot be found as its location says: nothing is known to be superfluous."""


@dataclass(frozen=True)
class StoredFile:
    """A file in a table's folder; ``path`` is absolute."""

    path: Path
    identity: Identity
    size: int
    modified_ms: int

    @classmethod
    def at(cls, path: Path, status: os.stat_result) -> StoredFile:
        modified_ms = status.st_mtime_ns // 1_000_000
        return cls(path, (status.st_dev, status.st_ino), status.st_size, modified_ms)


def looked_at(path: Path) -> os.stat_result | None:
    """None when it is not there any more: a writer takes back what it could not commit."""
    try:
        return path.lstat()
    except FileNotFoundError:
        return None


def spellings(location: str) -> list[Path]:
    """The local files a location may mean: of ``file:/x``, ``file:///x`` and ``/x`` the path, also unquoted.

    Raises UnclearError for what is no file on a local disk.
    """
    path = location
    if not location.startswith("/"):
        scheme, _, rest = location.partition(":")
        host, slash, below = (
            rest.removeprefix("//").partition("/") if rest.startswith("//") else ("", "/", rest)
        )
        if scheme.lower() != "file" or host not in ("", "localhost") or not slash:
            raise UnclearError(location)
        path = below if below.startswith("/") else f"/{below}"
    return [Path(os.path.normpath(spelled)) for spelled in dict.fromkeys((path, unquote(path)))]


def place_of(location: str) -> PurePath | None:
    """Where the files of a location lie, to be compared: a real folder, or ``//bucket/key`` of a store.

    None where nobody can tell.
    """
    if found := object_id(location):
        return PurePosixPath(f"//{found.bucket}/{found.key}")  # two slashes: below no folder of a disk
    return folder_of(location)


def folder_of(location: str) -> Path | None:
    """The real folder a location names; None when it is no folder on a local disk."""
    try:
        found = {path.resolve() for path in spellings(location) if path.is_dir()}
    except UnclearError:
        return None
    return found.pop() if len(found) == 1 else None


def looks_ours(name: str) -> bool:
    """Whether writers of Iceberg tables call files so; of anything else floe keeps off."""
    return name.endswith(_SUFFIXES) and not name.startswith((".", "_"))


def stored_files(root: Path, elsewhere: Iterable[Path]) -> list[StoredFile]:
    """The files below a table's folder that look like an Iceberg table's; not those in ``elsewhere``."""
    apart = set(elsewhere)
    found = []
    for folder, folders, names in os.walk(root):
        here = Path(folder)
        folders[:] = [name for name in folders if here / name not in apart and not (here / name).is_symlink()]
        for name in names:
            status = looked_at(here / name) if looks_ours(name) else None
            if status and _is_regular(status):
                found.append(StoredFile.at(here / name, status))
    return found


def reached(table: Table, identities: Callable[[str], Iterable[Identity]]) -> set[Identity]:
    """Every file that some snapshot of the table leads to, and its metadata.

    ``identities`` tells which files there are at a location. Raises UnclearError when one that the table
    needs is not there.
    """
    found: set[Identity] = set()
    for location in _needed(table):
        there = list(identities(location))
        if not there:
            raise UnclearError(location)
        found.update(there)
    for entry in table.metadata.metadata_log:  # history, which others may have cut already
        found.update(identities(entry.metadata_file))
    return found


def _needed(table: Table) -> Iterator[str]:
    metadata = table.metadata
    yield table.metadata_location
    yield from (file.statistics_path for file in metadata.statistics)
    yield from (file.statistics_path for file in metadata.partition_statistics)
    manifests: dict[str, ManifestFile] = {}
    for snapshot in metadata.snapshots:
        yield snapshot.manifest_list
        with _reading(snapshot.manifest_list):
            manifests.update({manifest.manifest_path: manifest for manifest in snapshot.manifests(table.io)})
    for path, manifest in manifests.items():
        yield path
        with _reading(path):
            entries = manifest.fetch_manifest_entry(table.io, discard_deleted=True)
        yield from (entry.data_file.file_path for entry in entries)


@contextmanager
def _reading(location: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UnclearError(location) from error


def local_identities(location: str) -> list[Identity]:
    """The files of a local disk that a location may mean."""
    found: list[Identity] = []
    for path in spellings(location):
        try:
            status = path.stat()
        except OSError:
            continue
        found.append((status.st_dev, status.st_ino))
    return found


def _is_regular(status: os.stat_result) -> bool:
    return stat.S_ISREG(status.st_mode)
