"""What a dbt project's files hold, as one number."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

from floe_core.compilation.dbt_project import PROJECT_FILE, DbtProjectFile

_TOP_LEVEL = (
    PROJECT_FILE,
    "packages.yml",
    "package-lock.yml",
    "dependencies.yml",
    "selectors.yml",
    ".dbtignore",
)
_WRITTEN_BY_DBT = {"target", "logs"}


def project_digest(project_dir: Path, project: DbtProjectFile) -> str:
    """sha256 over path and content of every file dbt reads; never over a time or an absolute path."""
    total = hashlib.sha256()
    for name, path in sorted(_files(project_dir, project).items()):
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        total.update(f"{name}\0{content}\n".encode())
    return total.hexdigest()


def value_digest(value: object) -> str:
    """sha256 of a value's canonical JSON; what JSON does not know counts as its text."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _files(project_dir: Path, project: DbtProjectFile) -> dict[str, Path]:
    paths = [project_dir / name for name in _TOP_LEVEL]
    for folder in project.folders:
        paths += _below(project_dir / folder, not_at_top=_WRITTEN_BY_DBT | {project.packages_folder})
    packages = project_dir / project.packages_folder
    for package in sorted(packages.iterdir()) if packages.is_dir() else ():
        paths += _below(package, not_at_top=_WRITTEN_BY_DBT)
    return {Path(os.path.relpath(path, project_dir)).as_posix(): path for path in paths if path.is_file()}


def _below(folder: Path, *, not_at_top: set[str]) -> Iterator[Path]:
    """The files below, through links (local packages are linked), each folder once."""
    seen: set[str] = set()
    for root, folders, files in os.walk(folder, followlinks=True):
        here = os.path.realpath(root)
        if here in seen:
            folders.clear()
            continue
        seen.add(here)
        skipped = not_at_top if root == str(folder) else set()
        folders[:] = [name for name in folders if not _hidden(name) and name not in skipped]
        yield from (Path(root, name) for name in files if not _hidden(name))


def _hidden(name: str) -> bool:
    return name.startswith(".") or name == "__pycache__"
