"""The leg: ``python -m testing.small_disk``; 77 and the reason where no disk can be mounted."""

from __future__ import annotations

import tempfile
from pathlib import Path

from testing.offline import NOT_RUN
from testing.small_disk.mount import SIZE, mount, unmount


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="floe-disk-") as name:
        disk = Path(name)
        try:
            mount(disk)
        except (OSError, AttributeError) as error:  # AttributeError: a libc that cannot unshare
            print(f"NOT RUN: no disk of {SIZE >> 20} MiB can be mounted: {error}", flush=True)
            return NOT_RUN
        # what they import starts threads, and a process with threads may not have a namespace of its own
        from testing.small_disk import engine, product

        try:
            for prove in (engine.prove, product.prove):
                print("\n".join(prove(disk)), flush=True)
        finally:
            unmount(disk)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
