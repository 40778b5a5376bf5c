"""The policy files of a platform: ``policies/*.rego`` beside its manifest."""

from __future__ import annotations

import hashlib
from pathlib import Path

from floe_core.location import Location

FOLDER = "policies"
SUFFIX = ".rego"
CASES_SUFFIX = ".cases.yaml"


def policies_folder(location: Location) -> Path | None:
    return location.manifest_path.parent / FOLDER if location.manifest_path else None


def policy_files(location: Location) -> list[Path]:
    """The policies by file name; none on the built-in platform."""
    folder = policies_folder(location)
    return sorted(folder.glob(f"*{SUFFIX}")) if folder else []


def policies_digest(location: Location) -> str | None:
    """Of the policies' names and contents; None where there are none."""
    files = policy_files(location)
    if not files:
        return None
    total = hashlib.sha256()
    for path in files:
        total.update(f"{path.name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()
