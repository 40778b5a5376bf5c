"""Files in an S3 store, as PyIceberg's FileIO gets at them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

from pyarrow.fs import FileSelector, FileSystem, FileType
from pyiceberg.io import FileIO
from pyiceberg.io.pyarrow import PyArrowFileIO

_SCHEMES = ("s3", "s3a", "s3n")


class ObjectId(NamedTuple):
    """What an object is, however its location is spelled."""

    bucket: str
    key: str


class StoredObject(NamedTuple):
    identity: ObjectId
    location: str
    size: int
    modified_ms: int


def is_object(location: str) -> bool:
    return location.partition(":")[0].lower() in _SCHEMES


def object_id(location: str) -> ObjectId | None:
    """The object a location names; None for what names none. Nothing in a key is quoted."""
    scheme, _, rest = location.partition("://")
    bucket, _, key = rest.partition("/")
    parts = key.split("/")
    if scheme.lower() not in _SCHEMES or not bucket or "." in parts or ".." in parts:
        return None
    return ObjectId(bucket, "/".join(part for part in parts if part))


def objects(io: FileIO, folder: str) -> Iterator[StoredObject]:
    """Every object below the folder; raises OSError when the store cannot list them."""
    root = object_id(folder)
    if root is None or not root.key:
        raise OSError(f"'{folder}' is no folder in an object store")
    scheme = urlsplit(folder).scheme
    system = _system(io, scheme, root.bucket)
    selector = FileSelector(f"{root.bucket}/{root.key}", recursive=True, allow_not_found=True)
    for info in system.get_file_info(selector):
        if info.type == FileType.File:
            key = info.path.removeprefix(f"{root.bucket}/")
            modified_ms = (info.mtime_ns or 0) // 1_000_000
            yield StoredObject(ObjectId(root.bucket, key), f"{scheme}://{info.path}", info.size, modified_ms)


def folders(io: FileIO, folder: str) -> list[str]:
    """The names of what has objects below it right in the folder, sorted."""
    root = object_id(folder)
    if root is None or not root.key:
        raise OSError(f"'{folder}' is no folder in an object store")
    selector = FileSelector(f"{root.bucket}/{root.key}", allow_not_found=True)
    found = _system(io, urlsplit(folder).scheme, root.bucket).get_file_info(selector)
    return sorted(info.base_name for info in found if info.type == FileType.Directory)


def exists(io: FileIO, location: str) -> bool:
    """Whether the object is there; raises OSError when the store does not say."""
    found = object_id(location)
    if found is None:
        return False
    info = _system(io, urlsplit(location).scheme, found.bucket).get_file_info(f"{found.bucket}/{found.key}")
    return bool(info.type == FileType.File)


def remove(io: FileIO, location: str) -> None:
    """Remove one object, there or not."""
    found = object_id(location)
    if found is None or not found.key:
        raise OSError(f"'{location}' is no object")
    _system(io, urlsplit(location).scheme, found.bucket).delete_file(f"{found.bucket}/{found.key}")


def _system(io: FileIO, scheme: str, bucket: str) -> FileSystem:
    assert isinstance(io, PyArrowFileIO)  # the catalog was opened with it
    return io.fs_by_scheme(scheme, bucket)
