"""A server of this process, on loopback."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler


class LoopbackServer(socketserver.ThreadingTCPServer):
    """Not HTTPServer, which asks name servers what this machine is called."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False

    def __init__(self, handler: type[BaseHTTPRequestHandler], port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), handler)
        self._serving = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)

    def start(self) -> None:
        self._serving.start()

    def stop(self) -> None:
        self.shutdown()
        self.server_close()
        self._serving.join()

    @contextmanager
    def serving(self) -> Iterator[int]:
        """Serve inside; gives the port."""
        self.start()
        try:
            yield self.server_address[1]
        finally:
            self.stop()

    def handle_error(self, *_: object) -> None:
        pass  # a client that goes away in the middle is what it is for
