"""Taking the room of a disk away, and giving it back."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PAGE = 4096


@contextmanager
def only(pages: int, disk: Path) -> Iterator[None]:
    """Leave so many pages free on the disk while the body goes on."""
    filler = disk / "filler"
    try:
        with filler.open("wb", buffering=0) as file:
            try:
                while file.write(b"\0" * PAGE):
                    pass
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
            os.ftruncate(file.fileno(), max(filler.stat().st_size // PAGE - pages, 0) * PAGE)
        yield
    finally:
        filler.unlink()
