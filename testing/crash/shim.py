"""The library between a process and its disk, built on the spot and told what to do; see shim.c."""

from __future__ import annotations

import ctypes
import errno
import os
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_TORN, _UNREADABLE = -1, -2  # as in shim.c


@dataclass(frozen=True)
class Ending:
    """What happens at a point: the errno calls fail with from there on, 0 for death before the call.

    ``once`` lets only one call fail; ``power`` says that what was not synced is gone afterwards.
    """

    number: int = 0
    once: bool = False
    power: bool = False

    @property
    def fails(self) -> bool:
        """Whether the process lives to tell."""
        return self.number > 0 or self.number == _UNREADABLE


ENDINGS = {
    "kill": Ending(),
    "tear": Ending(_TORN),
    "power": Ending(power=True),
    "ENOSPC": Ending(errno.ENOSPC),
    "EIO": Ending(errno.EIO),
    "EIO once": Ending(errno.EIO, once=True),
    "EMFILE": Ending(errno.EMFILE),
    "EIO reading": Ending(_UNREADABLE),
}


def built(folder: Path) -> Path:
    """The library, compiled into the folder."""
    library = folder / "shim.so"
    source = Path(__file__).with_name("shim.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-pthread", "-o", library, source, "-ldl"], check=True)
    return library


def preloaded(library: Path) -> dict[str, str]:
    """The environment of a process that is to have the library."""
    return {**os.environ, "LD_PRELOAD": str(library)}


def arm(folder: Path, n: int, ending: Ending, image: Path | None = None) -> None:
    """In a preloaded process: end at the n-th change below the folder, 0 for never."""
    kept = os.fsencode(image) if image else b""
    _loaded().shim_arm(os.fsencode(folder), n, ending.number, int(ending.once), kept)


def points() -> int:
    """How many points this process has come to since it was armed."""
    return int(_loaded().shim_points())


@cache
def _loaded() -> ctypes.CDLL:
    library = ctypes.CDLL(None)
    library.shim_arm.argtypes = [
        ctypes.c_char_p,
        ctypes.c_long,
        ctypes.c_int,
        ctypes.c_int,
        ctypes.c_char_p,
    ]
    library.shim_points.restype = ctypes.c_long
    return library
