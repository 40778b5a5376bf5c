"""Rights on objects: a catalog's own, or such as it lends for a table and a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

from pyarrow.fs import FileSystem

from floe_iceberg.file_io import DurableFileIO

EXPIRY = "s3.session-token-expires-at-ms"
MARGIN_S = 60  # what is asked for with rights must be over before they are


class Rights:
    """What lets a client at the objects of one location; asked for anew shortly before it expires."""

    def __init__(
        self, location: str, properties: Mapping[str, str], renew: Callable[[], Mapping[str, str]]
    ) -> None:
        self.location = location
        self._properties = dict(properties)
        self._renew = renew
        self._lock = threading.Lock()

    def properties(self) -> Mapping[str, str]:
        """PyIceberg's properties, good for a while yet."""
        with self._lock:
            if self._expires_soon():
                self._properties = dict(self._renew())
            return self._properties

    def _expires_soon(self) -> bool:
        expiry = self._properties.get(EXPIRY)
        return expiry is not None and int(expiry) < (time.time() + MARGIN_S) * 1000


class LentFileIO(DurableFileIO):
    """Reads and writes with rights that are renewed when their time is over."""

    def __init__(self, rights: Rights) -> None:
        super().__init__(dict(rights.properties()))
        self._rights = rights
        self._of_now = DurableFileIO(self.properties)
        self.fs_by_scheme = self._fresh

    def _fresh(self, scheme: str, netloc: str | None = None) -> FileSystem:
        properties = dict(self._rights.properties())
        if properties != self.properties:
            self.properties, self._of_now = properties, DurableFileIO(properties)
        return self._of_now.fs_by_scheme(scheme, netloc)
