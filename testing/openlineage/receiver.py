"""A receiver of OpenLineage over HTTP, as strict as Marquez: it keeps what it takes and refuses the rest."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from testing.openlineage import violations
from testing.services.loopback import LoopbackServer


@dataclass
class LineageReceived:
    """What came in; ``statuses`` is what the next requests are answered with, None as they deserve."""

    url: str
    events: list[dict[str, Any]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    statuses: list[int | None] = field(default_factory=list)


@contextmanager
def lineage_receiver(path: str = "/api/v1/lineage") -> Iterator[LineageReceived]:
    """Listens on a port of the kernel's choice."""
    received = LineageReceived("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            received.headers.append({"path": self.path, **self.headers})
            status = received.statuses.pop(0) if received.statuses else None
            self.send_response(status or self._judged(event))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _judged(self, event: dict[str, Any]) -> int:
            if self.path != path or self.headers["Content-Type"] != "application/json":
                return 404
            if wrong := violations(event):
                received.refused += wrong
                return 422
            if event not in received.events:  # one whose answer came too late comes again
                received.events.append(event)
            return 201

        def log_message(self, *_: Any) -> None:
            """Nothing goes to the terminal."""

    with LoopbackServer(Handler).serving() as port:
        received.url = f"http://127.0.0.1:{port}"
        yield received
