"""Sdist and wheel of every distribution, made offline: ``python -m testing.distributions [FOLDER]``."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from testing.lock import members
from testing.sources import ROOT


def build_wheel(source: Path, into: Path) -> Path:
    """Build a wheel from a folder with a ``pyproject.toml``."""
    return _hatchling(source, "wheel", into)


def build_sdist(source: Path, into: Path) -> Path:
    return _hatchling(source, "sdist", into)


def build(source: Path, into: Path) -> tuple[Path, Path]:
    """Build an sdist, and from nothing but that the wheel, as an installer does that finds no wheel."""
    sdist = build_sdist(source, into)
    with tempfile.TemporaryDirectory() as place:
        subprocess.run(["tar", "-xzf", sdist, "-C", place], check=True)
        return sdist, build_wheel(Path(place) / sdist.name.removesuffix(".tar.gz"), into)


def _hatchling(source: Path, target: str, into: Path) -> Path:
    command = [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", str(into)]
    done = subprocess.run(
        command, cwd=source, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"'{source.name}' does not build:\n{done.stdout}")
    return Path(done.stdout.split()[-1])


def main(arguments: Sequence[str]) -> int:
    into = Path(*arguments[:1] or ("dist",)).absolute()
    for member in members(ROOT):
        for file in build(member, into):
            print(f"{file.stat().st_size:>9,}  {file.name}", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
