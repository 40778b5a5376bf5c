"""Where a receiver listens."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

_PORTS = {"http": 80, "https": 443}
_PATIENCE_S = 2
_NO_URL = re.compile(r"[^\x21-\x7e]")


@dataclass(frozen=True)
class Endpoint:
    """A receiver's address; ``path`` is what stands before ``/v1/traces``."""

    host: str
    port: int
    secure: bool
    path: str

    @classmethod
    def of(cls, url: str) -> Endpoint:
        """Raises ValueError, saying what is wrong, for anything else than an http or https URL."""
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname or _NO_URL.search(url):
            raise ValueError("expected a URL such as http://localhost:4318")
        if parts.query or parts.fragment:
            raise ValueError("a URL of a receiver ends with its path: '?' and '#' are not sent")
        if parts.username or parts.password:
            raise ValueError("a URL holds no password: name it in 'headers'")
        port = parts.port or _PORTS[parts.scheme]
        return cls(parts.hostname, port, parts.scheme == "https", parts.path.rstrip("/"))

    @property
    def authority(self) -> str:
        """Host and port, as a Host header and gRPC write them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    def unreachable(self) -> str | None:
        """Why nobody can be reached there; None when somebody listens."""
        try:
            socket.create_connection((self.host, self.port), timeout=_PATIENCE_S).close()
        except OSError as error:
            return error.strerror or str(error)
        return None


def _of_an_endpoint(url: str) -> str:
    try:
        Endpoint.of(url)
    except ValueError as error:
        raise PydanticCustomError("endpoint", "{reason}", {"reason": str(error)}) from error
    return url


EndpointUrl = Annotated[str, AfterValidator(_of_an_endpoint)]
