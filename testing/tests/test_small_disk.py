"""The small disk is there, small, and nobody else's; where it cannot be, that is said."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from testing.sources import ROOT

_PROGRAM = """
import shutil, sys
from pathlib import Path
from testing.small_disk.filler import only
from testing.small_disk.mount import mount
disk = Path(sys.argv[1])
try:
    mount(disk)
except OSError as error:
    raise SystemExit(f"NOT RUN: {error}")
with only(3, disk):
    print(shutil.disk_usage(disk))
print(shutil.disk_usage(disk))
"""


@pytest.mark.requirement("NF-2")
def test_a_small_disk_is_nobody_elses_and_gives_its_room_back(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        assert done.stderr.startswith("NOT RUN: this user may not ")
    else:
        size = 8 << 20
        assert done.stdout.splitlines() == [
            f"usage(total={size}, used={size - 3 * 4096}, free={3 * 4096})",
            f"usage(total={size}, used=0, free={size})",
        ]
    assert list(tmp_path.iterdir()) == []
