"""A proxy that misbehaves on purpose: it passes HTTP on, save for the requests a fault is set for."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler
from typing import Literal, Self

from testing.services.loopback import LoopbackServer

Fault = Literal["reset", "half body", "trickle", "silence"] | int
"""The connection is reset, half of the answer comes, a byte now and then, nothing ever, or this status."""
_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}


@dataclass
class Rule:
    """What goes wrong with the next ``times`` requests that match, once they have been passed on or not."""

    matches: Callable[[str, str], bool]
    fault: Fault
    passed_on: bool
    times: int
    body: bytes = b'{"error": {"message": "on purpose", "type": "OnPurpose", "code": 500}}'


@dataclass
class FaultProxy:
    """Listens on loopback before a service; ``seen`` are the requests so far, as 'METHOD path'."""

    target: int
    rules: list[Rule] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    rewrite: Callable[[str, str, bytes], bytes] = lambda _method, _path, body: body
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        handler = type("Handler", (_Handler,), {"owner": self})
        self._server = LoopbackServer(handler)
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._server.stop()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def fail(
        self, method: str, part: str, fault: Fault, *, passed_on: bool = False, times: int = 1_000_000
    ) -> Rule:
        """Let requests of the method whose path holds the part go wrong, the first ``times`` of them."""

        def matches(its_method: str, path: str) -> bool:
            return its_method in method.split("|") and part in path

        rule = Rule(matches, fault, passed_on, times)
        self.rules.append(rule)
        return rule

    def heal(self) -> None:
        self.rules.clear()

    def rule_for(self, method: str, path: str) -> Rule | None:
        with self._lock:
            self.seen.append(f"{method} {path}")
            rule = next((r for r in self.rules if r.times > 0 and r.matches(method, path)), None)
            if rule:
                rule.times -= 1
            return rule

    def wait(self, seconds: float) -> bool:
        """Whether the proxy is over by then."""
        return self._over.wait(seconds)


class _Handler(BaseHTTPRequestHandler):
    owner: FaultProxy
    protocol_version = "HTTP/1.1"

    def _handle(self) -> None:
        rule = self.owner.rule_for(self.command, self.path)
        sent = self._body()
        if rule is None or rule.passed_on:
            status, headers, body = self._passed_on(sent)
        else:
            status, headers, body = 200, [], rule.body
        if rule is None:
            self._answer(status, headers, self.owner.rewrite(self.command, self.path, body))
        else:
            self._misbehave(rule, status, headers, body)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _handle  # noqa: N815

    def _body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _passed_on(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = HTTPConnection("127.0.0.1", self.owner.target, timeout=60)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP_BY_HOP}
        headers["Content-Length"] = str(len(body))
        connection.request(self.command, self.path, body, headers)
        response = connection.getresponse()
        answer = response.read()
        connection.close()
        return response.status, response.getheaders(), answer

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes, length: int = -1) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in _HOP_BY_HOP:
                self.send_header(name, value)
        told = next((v for n, v in headers if n.lower() == "content-length"), "0")
        size = int(told) if self.command == "HEAD" else len(body)
        if status != 204:
            self.send_header("Content-Length", str(size if length < 0 else length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _misbehave(self, rule: Rule, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.close_connection = True
        match rule.fault:
            case "reset":
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.connection.close()
            case "half body":
                whole = body or b"{}"
                self._answer(200, headers, whole[: len(whole) // 2], len(whole))
            case "silence":
                self.owner.wait(3600)
            case "trickle":
                with suppress(OSError):
                    self._answer(200, headers, b" ", max(len(body), 1000))
                    while not self.owner.wait(0.2):
                        self.wfile.write(b" ")
                        self.wfile.flush()
            case _:
                self._answer(rule.fault, [("Content-Type", "application/json")], rule.body)

    def log_message(self, *_: object) -> None:
        pass
