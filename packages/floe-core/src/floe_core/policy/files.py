"""The policy files of a platform: ``policies/*.rego`` beside its manifest."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from floe_core.errors import Position, Problem, SpecError
from floe_core.location import Location

FOLDER = "policies"
CASES_SUFFIX = ".cases.yaml"


def policy_files(location: Location) -> list[Path]:
    """The policies by file name; none on the built-in platform."""
    return files_in(location.manifest_path.parent / FOLDER) if location.manifest_path else []


def files_in(folder: Path) -> list[Path]:
    """Whatever is named like a policy: what cannot be read is refused, not left out.

    Raises SpecError for a folder that cannot be read.
    """
    try:
        return sorted(path for path in folder.iterdir() if _is_policy(path.name))
    except OSError as error:
        if not os.path.lexists(folder):
            return []
        message = f"cannot be read: {error.strerror}"
        raise SpecError(Problem("FLOE-E101", message, Position.of(folder))) from error


def _is_policy(name: str) -> bool:
    return name.endswith(".rego") and not name.startswith(".#")  # what Emacs puts beside what it edits


def policies_digest(location: Location) -> str | None:
    """Of the policies' names and contents; None where there are none."""
    files = policy_files(location)
    if not files:
        return None
    total = hashlib.sha256()
    for path in files:
        content = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "no file"
        total.update(f"{path.name}\0{content}\n".encode())
    return total.hexdigest()
