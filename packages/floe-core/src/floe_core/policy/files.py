"""The policy files of a platform: ``policies/*.rego`` beside its manifest."""

from __future__ import annotations

import hashlib
from pathlib import Path

from floe_core.location import Location

FOLDER = "policies"
CASES_SUFFIX = ".cases.yaml"


def policy_files(location: Location) -> list[Path]:
    """The policies by file name; none on the built-in platform."""
    return files_in(location.manifest_path.parent / FOLDER) if location.manifest_path else []


def files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*.rego") if path.is_file())


def policies_digest(location: Location) -> str | None:
    """Of the policies' names and contents; None where there are none."""
    files = policy_files(location)
    if not files:
        return None
    total = hashlib.sha256()
    for path in files:
        total.update(f"{path.name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()
