"""How manifests and metadata reach the disk: PyIceberg itself never syncs what it writes."""

from __future__ import annotations

import io
import os
from pathlib import Path

from pyiceberg.io import InputFile, OutputFile, OutputStream
from pyiceberg.io.pyarrow import PyArrowFileIO

from floe_iceberg.durable import make_directory, sync


def local_path(location: str) -> Path | None:
    """The file a location names, None when it lies on no local disk.

    Locations are no quoted URLs: PyIceberg and Hadoop both take ``file:///a b`` as it stands.
    """
    scheme, _, path = PyArrowFileIO.parse_location(location)
    return Path(path) if scheme == "file" else None


class DurableFileIO(PyArrowFileIO):
    """PyArrow's FileIO, except that a local file is on disk, name and all, once it is closed."""

    def new_output(self, location: str) -> OutputFile:  # type: ignore[override]
        path = local_path(location)
        return super().new_output(location) if path is None else _DurableFile(location, path, self)


class _DurableFile(OutputFile):
    def __init__(self, location: str, path: Path, file_io: DurableFileIO) -> None:
        super().__init__(location)
        self._path = path
        self._file_io = file_io

    def __len__(self) -> int:
        return self._path.stat().st_size

    def exists(self) -> bool:
        return self._path.exists()

    def to_input_file(self) -> InputFile:
        return self._file_io.new_input(self.location)

    def create(self, overwrite: bool = False) -> OutputStream:
        make_directory(self._path.parent)
        return _DurableStream(io.FileIO(self._path, "w" if overwrite else "x"), self._path)


class _DurableStream(io.BufferedWriter):
    def __init__(self, raw: io.FileIO, path: Path) -> None:
        super().__init__(raw)
        self._path = path

    def close(self) -> None:
        if self.closed:
            return
        try:
            self.flush()
            os.fsync(self.fileno())
        finally:
            super().close()
        sync(self._path.parent)
