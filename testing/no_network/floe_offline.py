"""Refuses connections that leave the machine, and writes down what it refused.

Standard library only and quick to import, because it runs in every Python a test starts. The log finds
out code that swallows the error. Only Python's own sockets are seen: what a C library opens passes by.
"""

from __future__ import annotations

import os
import sys

LOG = "FLOE_TEST_NETWORK_LOG"
_ADDRESS_AT = {
    "socket.connect": 1,
    "socket.sendto": 1,
    "socket.sendmsg": 1,
    "socket.getaddrinfo": 0,
    "socket.gethostbyname": 0,
}
_OWN_NAMES = {"", "localhost", "ip6-localhost", "0.0.0.0", "::", "::1", os.uname().nodename.lower()}


class LeftTheMachine(ConnectionRefusedError):
    """Something beyond loopback was asked for."""


def stays_here(address: object) -> bool:
    """Whether an address, or the host in it, is this machine's own."""
    if isinstance(address, tuple):
        return not address or stays_here(address[0])
    if isinstance(address, bytes):
        address = address.decode("ascii", "replace")
    if not isinstance(address, str):  # None is the wildcard, or the peer of a connected socket
        return True
    host = address.lower().removeprefix("::ffff:")
    return host in _OWN_NAMES or host.startswith(("127.", "/", "\0"))  # the last two are UNIX sockets


def refuse(event: str, arguments: tuple[object, ...]) -> None:
    """The audit hook."""
    at = _ADDRESS_AT.get(event)
    if at is None or len(arguments) <= at or stays_here(arguments[at]):
        return
    told = f"{event} to {arguments[at]!r} leaves this machine"
    if log := os.environ.get(LOG):
        with open(log, "a", encoding="utf-8") as file:  # noqa: PTH123 - pathlib slows every start
            file.write(f"{told} (process {os.getpid()}: {' '.join(sys.argv[:3])})\n")
    raise LeftTheMachine(told)
