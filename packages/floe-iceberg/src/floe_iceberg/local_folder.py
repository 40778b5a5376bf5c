"""A table's folder on a local disk."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from pyiceberg.table import Table

from floe_iceberg.cleanup import MARKS, Folder, Patience, Stored
from floe_iceberg.durable import make_directory, sync
from floe_iceberg.reachability import (
    Identity,
    StoredFile,
    local_identities,
    looked_at,
    reached,
    stored_files,
)


class LocalFolder(Folder):
    def __init__(self, root: Path, elsewhere: Sequence[Path] = ()) -> None:
        self.root = root
        self.location = str(root)
        self._elsewhere = elsewhere

    def files(self) -> list[StoredFile]:
        return stored_files(self.root, self._elsewhere)

    def reached(self, table: Table) -> set[Identity]:
        return reached(table, local_identities)

    def key(self, file: Stored) -> str:
        assert isinstance(file, StoredFile)
        return file.path.relative_to(self.root).as_posix()

    def remove(self, files: Iterable[Stored]) -> None:
        for file in files:
            assert isinstance(file, StoredFile)
            file.path.unlink(missing_ok=True)

    def remove_empty(self, patience: Patience) -> None:
        """A write's folder is made before its files, so an empty one is judged by its age, as a file is."""
        kept = {self.root / "data", self.root / "metadata"}
        for path in self._folders():
            status = looked_at(path) if path not in kept else None
            as_file = StoredFile.at(path, status) if status else None
            if as_file and patience.allows(as_file, as_file.modified_ms):
                with suppress(OSError):  # something is in it
                    path.rmdir()

    def remove_itself(self) -> None:
        self.write_marks(None)
        for path in (*self._folders(), self.root):
            with suppress(OSError):  # something is in it
                path.rmdir()

    def read_marks(self) -> bytes:
        return (self.root / MARKS).read_bytes()

    def write_marks(self, marks: bytes | None) -> None:
        path = self.root / MARKS
        draft = path.with_suffix(".tmp")
        if marks is None:
            path.unlink(missing_ok=True)
            draft.unlink(missing_ok=True)
            return
        make_directory(path.parent)
        draft.write_bytes(marks)
        sync(draft)
        draft.replace(path)
        sync(path.parent)

    def _folders(self) -> Iterator[Path]:
        """Innermost first; some may turn out not to be empty."""
        for name, _, _ in os.walk(self.root, topdown=False):
            path = Path(name)
            if path != self.root and not any(path.is_relative_to(place) for place in self._elsewhere):
                yield path
