"""A table's folder in an object store: objects whose keys begin alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import PurePath

from pyiceberg.io import FileIO
from pyiceberg.table import Table

from floe_iceberg import object_store
from floe_iceberg.cleanup import MARKS, Folder, Patience, Stored
from floe_iceberg.object_store import ObjectId, StoredObject, object_id, objects
from floe_iceberg.reachability import Identity, UnclearError, looks_ours, place_of, reached


class ObjectFolder(Folder):
    """``elsewhere`` are the places of other tables within it, as ``place_of`` tells them."""

    def __init__(self, location: str, io: FileIO, elsewhere: Sequence[PurePath]) -> None:
        self.location = location.rstrip("/")
        self._io = io
        self._elsewhere = elsewhere
        self._listed: set[ObjectId] = set()

    def files(self) -> list[StoredObject]:
        listed = list(objects(self._io, self.location))
        self._listed = {found.identity for found in listed}
        return [found for found in listed if self._is_ours(found)]

    def reached(self, table: Table) -> set[Identity]:
        return reached(table, self._identities)

    def key(self, file: Stored) -> str:
        assert isinstance(file, StoredObject)
        root = object_id(self.location)
        assert root is not None
        return file.identity.key.removeprefix(f"{root.key}/")

    def remove(self, files: Iterable[Stored]) -> None:
        for file in files:
            assert isinstance(file, StoredObject)
            object_store.remove(self._io, file.location)

    def remove_empty(self, patience: Patience) -> None:
        """Stores have no folders."""

    def remove_itself(self) -> None:
        self.write_marks(None)

    def read_marks(self) -> bytes:
        with self._io.new_input(f"{self.location}/{MARKS}").open() as stream:
            return bytes(stream.read())

    def write_marks(self, marks: bytes | None) -> None:
        location = f"{self.location}/{MARKS}"
        if marks is None:
            with suppress(FileNotFoundError):
                object_store.remove(self._io, location)
            return
        with self._io.new_output(location).create(overwrite=True) as stream:
            stream.write(marks)

    def _is_ours(self, found: StoredObject) -> bool:
        place = place_of(found.location)
        name = found.identity.key.rpartition("/")[2]
        return looks_ours(name) and not any(place and place.is_relative_to(p) for p in self._elsewhere)

    def _identities(self, location: str) -> list[Identity]:
        """The object, if it is there; one that came after the listing is looked for."""
        found = object_id(location)
        if found is None:
            raise UnclearError(location)
        there = found in self._listed or object_store.exists(self._io, location)
        return [found] if there else []
