"""Runs a command with loopback and nothing else: ``python -m testing.offline COMMAND …`` (Linux).

The command gets a network namespace of its own, so that not even a C library finds a way out.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import socket
import struct
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

NOT_RUN = 77
"""The exit status that says: it could not be run here, and nothing is proven."""

BEYOND = ("192.0.2.1", 9)  # an address reserved for documentation
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 0x1


def leave_the_network() -> None:
    """Move this process into a network namespace of its own, with loopback up.

    Raises OSError where this user may have none.
    """
    user, group = os.getuid(), os.getgid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET):
        code = ctypes.get_errno()
        raise OSError(code, f"no namespaces for this user: {os.strerror(code)}")
    # who we are stays the same in there
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    _bring_up("lo")


def _bring_up(interface: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sH14x", interface.encode(), 0)
        [flags] = struct.unpack_from("H", fcntl.ioctl(control, _SIOCGIFFLAGS, request), 16)
        fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack("16sH14x", interface.encode(), flags | _IFF_UP))


def route_out() -> str | None:
    """Why there is a way out after all, or None: nothing beyond loopback can be connected to."""
    with socket.socket() as probe:
        probe.settimeout(5)
        try:
            probe.connect(BEYOND)
        except OSError as error:
            told = f"a connection to {BEYOND[0]} ended with '{error.strerror or error}'"
            return None if error.errno == errno.ENETUNREACH else told
    return f"{BEYOND[0]} answers"


def main(command: Sequence[str]) -> int:
    try:
        leave_the_network()
    except (OSError, AttributeError) as error:  # AttributeError: a libc that cannot unshare
        print(f"NOT RUN: {error}", flush=True)
        return NOT_RUN
    if reason := route_out():
        print(f"there is a route out: {reason}", file=sys.stderr, flush=True)
        return 1
    print(f"no route out: {BEYOND[0]} is unreachable, loopback is up", flush=True)
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
