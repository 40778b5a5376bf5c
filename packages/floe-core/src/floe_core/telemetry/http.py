"""One request over HTTP, over when its time is: connecting, handshake, sending and reading together."""

from __future__ import annotations

import io
import socket
import ssl
import time
from collections.abc import Mapping
from contextlib import closing
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import IO, Any

from floe_core.telemetry.endpoint import Endpoint
from floe_core.telemetry.headers import sendable
from floe_core.telemetry.queue import NotAllowed, Refused, TryLater

_LATER = (429, 502, 503, 504)  # as OTLP's specification has it
_LONGEST_ANSWER = 65_536


class HttpTransport:
    """Posts to one path of a receiver."""

    def __init__(
        self,
        endpoint: Endpoint,
        path: str,
        headers: Mapping[str, str],
        *,
        authorities: Path | None,
        own: Path | None,
        gzip: bool,
        content_type: str = "application/x-protobuf",
    ) -> None:
        self._endpoint = endpoint
        self._gzip = gzip
        self._authorities, self._own = authorities, own
        self._tls: ssl.SSLContext | None = None
        said = {
            "Host": endpoint.authority,
            "User-Agent": "floe",
            "Content-Type": content_type,
            "Connection": "close",
            **({"Content-Encoding": "gzip"} if gzip else {}),
            **sendable(headers),
        }
        lines = "".join(f"{name}: {value}\r\n" for name, value in said.items())
        self._head = f"POST {endpoint.path}{path} HTTP/1.1\r\n{lines}"

    def send(self, body: bytes, timeout_s: float) -> bytes:
        """Post the body and give the answer's; raises TryLater or Refused."""
        if self._gzip:
            import gzip

            body = gzip.compress(body, compresslevel=1)
        deadline = _Deadline(timeout_s)
        try:
            with closing(self._connected(deadline)) as connection:
                head = f"{self._head}Content-Length: {len(body)}\r\n\r\n".encode("latin-1")
                connection.settimeout(deadline.left())
                connection.sendall(head + body)
                status, answer = _answer(connection, deadline)
        except ssl.SSLCertVerificationError as error:
            raise Refused(f"the receiver's certificate is not trusted: {error.verify_message}") from error
        except (OSError, HTTPException) as error:
            raise TryLater(str(error) or type(error).__name__) from error
        if status in _LATER:
            raise TryLater(f"the receiver answered {status}")
        if status in (401, 403):
            raise NotAllowed(f"the receiver answered {status}")
        if not 200 <= status < 300:
            raise Refused(f"the receiver answered {status}")
        return answer

    def close(self) -> None:
        """Nothing stays open between two requests."""

    def _connected(self, deadline: _Deadline) -> socket.socket:
        address = (self._endpoint.host, self._endpoint.port)
        plain = socket.create_connection(address, timeout=deadline.left())
        if not self._endpoint.secure:
            return plain
        with plain:  # which is empty once it is wrapped
            plain.settimeout(deadline.left())
            return self._context().wrap_socket(plain, server_hostname=self._endpoint.host)

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = ssl.create_default_context(cafile=self._authorities)
            if self._own:
                self._tls.load_cert_chain(self._own)
        return self._tls


class _Deadline:
    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def left(self) -> float:
        """Raises TimeoutError when it has passed: a timeout of 0 would mean something else."""
        left = self._at - time.monotonic()
        if left <= 0:
            raise TimeoutError("the receiver took too long")
        return left


class _Reading(io.RawIOBase):
    """What arrives until the deadline, however slowly: each byte alone may be in time."""

    def __init__(self, connection: socket.socket, deadline: _Deadline) -> None:
        self._connection = connection
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._connection.settimeout(self._deadline.left())
        return self._connection.recv_into(buffer)

    def makefile(self, _mode: str) -> IO[bytes]:
        """What a response asks a socket for."""
        return io.BufferedReader(self)


def _answer(connection: socket.socket, deadline: _Deadline) -> tuple[int, bytes]:
    response = HTTPResponse(_Reading(connection, deadline), method="POST")  # type: ignore[arg-type]
    response.begin()
    return response.status, response.read(_LONGEST_ANSWER)
