"""Where what the readers need is kept."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from testing.lock import LOCK
from testing.sources import ROOT

CACHE = ROOT / ".cache" / "readers"


def installed(requirements: str) -> Path:
    """A folder for PYTHONPATH with the packages of the file, whose hashes are checked.

    They lie beside floe's environment, not in it, because they are large or of another version.
    """
    wanted = Path(__file__).parent / requirements
    folder = CACHE / wanted.stem
    done = folder / "installed.txt"
    if not done.exists() or done.read_bytes() != wanted.read_bytes():
        command = [sys.executable, "-m", "uv", "pip", "sync", "--quiet", "--require-hashes"]
        command += ["--build-constraints", LOCK, "--python", sys.executable, "--target", str(folder)]
        subprocess.run([*command, str(wanted)], cwd=ROOT, check=True)
        done.write_bytes(wanted.read_bytes())
    return folder
