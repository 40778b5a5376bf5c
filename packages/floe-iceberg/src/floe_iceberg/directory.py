"""One write's own directory, on a disk or in an object store: everything in it belongs to one commit."""

from __future__ import annotations

import shutil
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow.parquet as parquet
from pyiceberg.io import FileIO

from floe_core.errors import Problem, WorkError
from floe_iceberg.durable import make_directory, storing, sync
from floe_iceberg.file_io import local_path
from floe_iceberg.object_store import is_object, objects, remove


@dataclass(frozen=True)
class NewFile:
    """A data file: ``path`` as DuckDB calls it, ``location`` as the table will."""

    path: str
    location: str
    size: int


class Directory(ABC):
    """``path`` is what DuckDB is to write to, with ``options`` of its own."""

    location: str
    path: str
    options = ""

    @staticmethod
    def new(data_location: str, io: FileIO) -> Directory:
        """One that nobody else has; raises WorkError where floe can write no files."""
        location = f"{data_location}/{uuid4().hex}"
        if is_object(location):
            return _ObjectDirectory(location, io)
        path = local_path(location)
        if path is None:
            raise WorkError(
                Problem("FLOE-E612", f"'{location}' lies neither on a local disk nor in an S3 store")
            )
        return _LocalDirectory(location, path)

    @abstractmethod
    def make(self) -> None: ...

    @abstractmethod
    def stored(self, written: Sequence[tuple[Any, ...]]) -> list[NewFile]:
        """The files with rows, of those that DuckDB says it has written, once they are there to stay."""

    @abstractmethod
    def footer(self, file: NewFile) -> parquet.FileMetaData: ...

    @abstractmethod
    def discard(self) -> None:
        """Remove the files; only for a write that no commit can have reached."""


class _LocalDirectory(Directory):
    def __init__(self, location: str, path: Path) -> None:
        self.location = location
        self.path = str(path)

    def make(self) -> None:
        with storing(self.path):
            make_directory(Path(self.path))

    def stored(self, written: Sequence[tuple[Any, ...]]) -> list[NewFile]:
        root = Path(self.path)
        files = []
        with storing(self.path):
            for name, rows, size, *_ in written:
                path = Path(name)
                if rows == 0:
                    path.unlink()  # DuckDB writes a file even for no rows
                    continue
                sync(path)
                files.append(NewFile(name, f"{self.location}/{path.relative_to(root).as_posix()}", size))
            for folder in {root, *(Path(file.path).parent for file in files)}:
                sync(folder)
        return files

    def footer(self, file: NewFile) -> parquet.FileMetaData:
        with storing(self.path):
            return parquet.read_metadata(file.path)

    def discard(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)


class _ObjectDirectory(Directory):
    """An object is there, whole and durable, once its upload has been answered."""

    options = ", OVERWRITE_OR_IGNORE"  # it takes any key for a folder that is there and full

    def __init__(self, location: str, io: FileIO) -> None:
        self.location = self.path = location
        self._io = io

    def make(self) -> None:
        pass

    def stored(self, written: Sequence[tuple[Any, ...]]) -> list[NewFile]:
        empty = [name for name, rows, *_ in written if rows == 0]
        with suppress(OSError):  # a file without rows that nobody names is maintenance's to remove
            for name in empty:
                self._io.delete(name)
        return [NewFile(name, name, size) for name, rows, size, *_ in written if rows]

    def footer(self, file: NewFile) -> parquet.FileMetaData:
        with storing(self.location), self._io.new_input(file.location).open() as stream:
            return parquet.read_metadata(stream)

    def discard(self) -> None:
        with suppress(OSError):
            for found in objects(self._io, self.location):
                remove(self._io, found.location)
