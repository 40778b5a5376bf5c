"""One call over gRPC, over when its time is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import grpc

from floe_core.telemetry import NotAllowed, Refused, TryLater
from floe_core.telemetry.endpoint import Endpoint
from floe_core.telemetry.headers import sendable

_LATER = {
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.OUT_OF_RANGE,
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DATA_LOSS,
}
_OPTIONS = [  # without these it may look for a receiver that is back once in two minutes only
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    ("grpc.enable_retries", 0),
]


class RpcTransport:
    """Calls one method of the receiver with bytes."""

    def __init__(
        self,
        endpoint: Endpoint,
        method: str,
        headers: Mapping[str, str],
        *,
        authorities: Path | None,
        own: Path | None,
        gzip: bool,
    ) -> None:
        compression = grpc.Compression.Gzip if gzip else grpc.Compression.NoCompression
        if endpoint.secure:
            pem = own.read_bytes() if own else None
            trusted = authorities.read_bytes() if authorities else None
            credentials = grpc.ssl_channel_credentials(trusted, pem, pem)
            self._channel = grpc.secure_channel(endpoint.authority, credentials, _OPTIONS, compression)
        else:
            self._channel = grpc.insecure_channel(endpoint.authority, _OPTIONS, compression)
        self._call = self._channel.unary_unary(method)
        self._headers = [(name.lower(), value) for name, value in sendable(headers).items()]

    def send(self, body: bytes, timeout_s: float) -> bytes:
        """Call with the body and give the answer's; raises TryLater or Refused."""
        try:
            answer: bytes = self._call(body, timeout=timeout_s, metadata=self._headers)
        except grpc.RpcError as error:
            code = error.code()
            said = f"the receiver answered {code.name}"
            raise _refusal(code)(said) from error
        return answer

    def close(self) -> None:
        self._channel.close()


def _refusal(code: grpc.StatusCode) -> type[Exception]:
    if code in (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED):
        return NotAllowed
    return TryLater if code in _LATER else Refused
