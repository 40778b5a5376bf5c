"""The git commit that a product's files are of."""

from __future__ import annotations

import subprocess
from pathlib import Path

DIRTY = "-dirty"
"""Ends a commit whose files were changed and not committed, as ``git describe`` has it."""

_LIMIT_S = 5


def commit_of(folder: Path) -> str | None:
    """The commit checked out in the folder; None in no repository.

    One of changed files ends with ``DIRTY``: those in the folder that git knows, for what a run leaves
    behind lies there, too.
    """
    said = _git(
        folder,
        "--no-optional-locks",
        "status",
        "--porcelain=v2",
        "--branch",
        "--untracked-files=no",
        "--",
        ".",
    )
    if said is None or said.returncode:
        return None
    lines = said.stdout.splitlines()
    head = next((line.split()[2] for line in lines if line.startswith("# branch.oid ")), "(initial)")
    if head == "(initial)":
        return None
    return head if all(line.startswith("#") for line in lines) else f"{head}{DIRTY}"


def has_commit(folder: Path, commit: str) -> bool | None:
    """Whether the repository has the commit; None where there is none to ask."""
    repository = _git(folder, "rev-parse", "--git-dir")
    if repository is None or repository.returncode:
        return None
    found = _git(folder, "cat-file", "-e", f"{commit}^{{commit}}")
    return None if found is None else found.returncode == 0


def _git(folder: Path, *question: str) -> subprocess.CompletedProcess[str] | None:
    """None where there is no git, or it takes too long."""
    try:
        return subprocess.run(
            ["git", *question], cwd=folder, capture_output=True, text=True, timeout=_LIMIT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
