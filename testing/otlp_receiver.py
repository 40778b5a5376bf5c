"""A receiver of OTLP over HTTP: real protobuf, kept; or one that behaves badly."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from gzip import decompress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from testing.services.loopback import LoopbackServer

_REQUESTS: Mapping[str, Any] = {
    "/v1/traces": ExportTraceServiceRequest,
    "/v1/metrics": ExportMetricsServiceRequest,
    "/v1/logs": ExportLogsServiceRequest,
}


@dataclass
class Received:
    """What came in, decoded, with the headers of each request; ``status`` is what it answers.

    ``refused`` counts the requests it answered with another one than 200.
    """

    url: str
    status: int = 200
    refused: int = 0
    requests: list[Any] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)

    def spans(self) -> list[Any]:
        """Every span, as (resource attributes, scope's name, span)."""
        return [
            (values(of.resource.attributes), scope.scope.name, span)
            for request in tuple(self.requests)
            if isinstance(request, ExportTraceServiceRequest)
            for of in request.resource_spans
            for scope in of.scope_spans
            for span in scope.spans
        ]

    def metrics(self) -> list[Any]:
        """Every metric, as (resource attributes, metric)."""
        return [
            (values(of.resource.attributes), metric)
            for request in tuple(self.requests)
            if isinstance(request, ExportMetricsServiceRequest)
            for of in request.resource_metrics
            for scope in of.scope_metrics
            for metric in scope.metrics
        ]

    def lines(self) -> list[Any]:
        """Every log line, as (resource attributes, logger, record)."""
        return [
            (values(of.resource.attributes), scope.scope.name, line)
            for request in tuple(self.requests)
            if isinstance(request, ExportLogsServiceRequest)
            for of in request.resource_logs
            for scope in of.scope_logs
            for line in scope.log_records
        ]


def values(attributes: Any) -> dict[str, Any]:
    """Attributes as a plain mapping."""
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in attributes}


@contextmanager
def otlp_receiver(
    *, status: int = 200, tls: Path | None = None, clients: Path | None = None, port: int = 0
) -> Iterator[Received]:
    """Answers ``status``; without ``port`` the kernel chooses one, with ``tls`` it shows that.

    With ``clients`` only those who show a certificate that this file vouches for are heard.
    """
    received = Received("", status)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = decompress(body)
            received.bodies.append(body)
            answered = received.status if self.path in _REQUESTS else 404
            if answered == 200:
                received.requests.append(_REQUESTS[self.path].FromString(body))
                received.headers.append(dict(self.headers))
            else:
                received.refused += 1
            self.send_response(answered)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nothing goes to the terminal."""

    server = LoopbackServer(Handler, port)
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls)
        if clients:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(clients)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    with server.serving() as chosen:
        received.url = f"{'https' if tls else 'http'}://localhost:{chosen}"
        yield received


@contextmanager
def bad_receiver(kind: str, port: int = 0) -> Iterator[str]:
    """The URL of a receiver that is 'gone', a 'black hole', or that 'trickles' its answer.

    A 'slow handshake' is a black hole to those who begin one.
    """
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        scheme = "https" if kind == "slow handshake" else "http"
        url = f"{scheme}://127.0.0.1:{listener.getsockname()[1]}"
        if kind == "gone":
            yield url  # and nobody else can begin to listen there meanwhile
            return
        listener.listen(128)
        ended = threading.Event()
        held: list[socket.socket] = []
        thread = threading.Thread(target=_hold, args=(listener, held, ended, kind == "trickles"), daemon=True)
        thread.start()
        try:
            yield url
        finally:
            ended.set()
            thread.join()
            for connection in held:
                connection.close()


def _hold(listener: socket.socket, held: list[socket.socket], ended: threading.Event, trickles: bool) -> None:
    """Accept whoever comes and answer nothing, or an endless header, a byte at a time."""
    listener.settimeout(0.02)
    last = time.monotonic()
    while not ended.is_set():
        try:
            connection, _ = listener.accept()
            held.append(connection)
            if trickles:
                connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        except TimeoutError:
            pass
        if trickles and time.monotonic() - last > 0.05:
            last = time.monotonic()
            for connection in held:
                try:
                    connection.send(b"x")
                except OSError:
                    continue
