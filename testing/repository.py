"""What no file of the repository may hold: ``python -m testing.repository``."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

from testing.sources import ROOT

_GENERATED = {".venv", ".git", ".cache", ".floe", "target", "logs", "dist", "__pycache__", ".hypothesis"}
_REGISTRIES = re.compile(
    r"pypi\.(?:org|python)|python[h]osted\.|registry\.(?:npmjs|yarnpkg)\.|repo1?\.maven\.|"
    r"proxy\.golang\.|(?:static|index)\.crates\.io|deb\.debian\."
)
_HOMES = re.compile(r"(?<![\w.])/(?:home|Users)/(?!you\b|<)[\w.-]+/")
_INDEX_VARIABLES = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "UV_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX")
_SHARED = {"/", "/tmp", "/var/tmp", "/home", "/root", "/usr", "/opt", "/srv"}  # nosec B108: compared, not used


def problems(root: Path, files: Iterable[str], forbidden: re.Pattern[str]) -> list[str]:
    """One line for each place, as file:line."""
    found = [
        f"{file}: this lock names hosts: keep requirements.lock alone" for file in files if _is_uv_lock(file)
    ]
    for file in files:
        for number, line in enumerate(_lines(root / file), start=1):
            for name, pattern in (("a registry's host", _REGISTRIES), ("a person's folder", _HOMES)):
                if pattern.search(line):
                    found.append(f"{file}:{number}: names {name}")
            if forbidden.search(line):
                found.append(f"{file}:{number}: names something of this machine")
    return found


def _is_uv_lock(file: str) -> bool:
    return Path(file).name == "uv.lock"


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (UnicodeDecodeError, FileNotFoundError):  # a picture, or a file removed but not yet from git
        return []


def of_this_machine(root: Path) -> re.Pattern[str]:
    """What only this machine knows: where the checkout stands, and the index it installs from."""
    places = {str(root), str(root.parent)} - _SHARED
    hosts = {urlsplit(os.environ.get(name, "")).hostname for name in _INDEX_VARIABLES} - {None}
    names = [rf"(?<![\w.]){re.escape(place)}(?:/|\b)" for place in sorted(places)]
    return re.compile("|".join([*names, *(re.escape(str(host)) for host in sorted(map(str, hosts)))]))


def tracked(root: Path) -> list[str]:
    """What git tracks; without git, everything that is not generated."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=root, capture_output=True, check=True, text=True
        )
    except (FileNotFoundError, subprocess.CalledProcessError):
        paths = (path.relative_to(root) for path in root.rglob("*") if path.is_file())
        return sorted(path.as_posix() for path in paths if not _GENERATED.intersection(path.parts))
    return sorted(filter(None, listed.stdout.split("\0")))


def main() -> int:
    found = problems(ROOT, tracked(ROOT), of_this_machine(ROOT))
    print("\n".join(found) or "no file names a registry or this machine")
    return int(bool(found))


if __name__ == "__main__":
    raise SystemExit(main())
