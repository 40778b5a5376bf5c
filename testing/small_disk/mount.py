"""Mounting a small disk that nobody else sees."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

SIZE = 8 << 20
_CLONE_NEWNS, _CLONE_NEWUSER = 0x20000, 0x10000000
_MS_REC, _MS_PRIVATE, _MNT_DETACH = 0x4000, 0x40000, 2


def mount(folder: Path) -> None:
    """Move this process into a mount namespace of its own, and mount the disk there.

    Root may; anybody else in a user namespace, where the machine allows that. Raises OSError where not.
    """
    user, group = os.getuid(), os.getgid()
    libc = ctypes.CDLL(None, use_errno=True)
    _checked(libc.unshare(_CLONE_NEWNS | (0 if user == 0 else _CLONE_NEWUSER)), "unshare")
    if user != 0:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    _checked(libc.mount(None, b"/", None, _MS_REC | _MS_PRIVATE, None), "make mounts private")
    _checked(libc.mount(b"floe", os.fsencode(folder), b"tmpfs", 0, f"size={SIZE}".encode()), "mount a tmpfs")


def unmount(folder: Path) -> None:
    """Let the disk go; who still has files open on it keeps them until it ends."""
    ctypes.CDLL(None).umount2(os.fsencode(folder), _MNT_DETACH)


def _checked(outcome: int, what: str) -> None:
    if outcome:
        code = ctypes.get_errno()
        raise OSError(code, f"this user may not {what}: {os.strerror(code)}")
