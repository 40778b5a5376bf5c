"""What a dbt project's files hold, as one number."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Iterator, Mapping
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


def file_digests(project_dir: Path, project: DbtProjectFile) -> dict[str, str]:
    """sha256 of every file dbt reads, by its path relative to the project."""
    digests = {}
    for name, path in sorted(_files(project_dir, project).items()):
        with path.open("rb") as file:
            digests[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return digests


def digest_of(digests: Mapping[str, str]) -> str:
    """sha256 over paths and contents; never over a time or an absolute path."""
    total = hashlib.sha256()
    for name, content in sorted(digests.items()):
        total.update(f"{name}\0{content}\n".encode())
    return total.hexdigest()


def project_digest(project_dir: Path, project: DbtProjectFile) -> str:
    """sha256 over path and content of every file dbt reads."""
    return digest_of(file_digests(project_dir, project))


def shared_digest(digests: Mapping[str, str], own: Collection[str], packages_folder: str) -> str:
    """sha256 over what any node may depend on: all but the nodes' ``own`` files and what describes them.

    What a property file says of a node stands in that node's configuration and columns.
    """
    return digest_of(
        {
            name: content
            for name, content in digests.items()
            if name not in own and not _describes(name, packages_folder)
        }
    )


def _describes(name: str, packages_folder: str) -> bool:
    in_package = name.startswith(f"{packages_folder}/")
    return name.endswith((".yml", ".yaml", ".md")) and name not in _TOP_LEVEL and not in_package


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
