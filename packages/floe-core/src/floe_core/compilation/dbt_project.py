"""The few things of a dbt project that must be known before dbt is asked."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from floe_core.errors import Position, Problem, SpecError, shown
from floe_core.yaml_file import read_bounded
from floe_core.yaml_limits import refuse_beyond_limits

PROJECT_FILE = "dbt_project.yml"
_FOLDERS = {
    "model-paths": ("models",),
    "seed-paths": ("seeds",),
    "macro-paths": ("macros",),
    "test-paths": ("tests",),
    "snapshot-paths": ("snapshots",),
    "analysis-paths": ("analyses",),
    "function-paths": ("functions",),
    "docs-paths": (),
    "asset-paths": (),
}


@dataclass(frozen=True)
class DbtProjectFile:
    """What ``dbt_project.yml`` says: the names, and the folders dbt reads."""

    name: str
    profile: str
    folders: tuple[str, ...]
    model_folders: tuple[str, ...]
    seed_folders: tuple[str, ...]
    snapshot_folders: tuple[str, ...]
    packages_folder: str


def read_dbt_project(project_dir: Path, at: Position) -> DbtProjectFile:
    """Read the project's own file; ``at`` is where floe.yaml says which folder it is in.

    Raises SpecError for a missing folder or file, and for one without a plain profile name.
    """
    path = project_dir / PROJECT_FILE
    if not project_dir.is_dir():
        raise SpecError(
            Problem("FLOE-E401", f"dbt.project: no folder '{shown(project_dir)}'", at, hint="check the path")
        )
    if not os.path.lexists(path) or path.is_dir():
        raise SpecError(
            Problem(
                "FLOE-E401",
                f"dbt.project: no {PROJECT_FILE} in this folder",
                at,
                hint="write 'dbt: {project: FOLDER}' with the folder of the dbt project",
            )
        )
    tree = _parse(path)
    profile = tree.get("profile")
    if not isinstance(profile, str) or not profile or "{{" in profile:
        raise SpecError(
            Problem(
                "FLOE-E402",
                "no plain 'profile' in the dbt project",
                Position.of(path),
                hint="write 'profile: NAME', any name: floe generates the profile",
            )
        )
    return DbtProjectFile(
        name=str(tree.get("name") or ""),
        profile=profile,
        folders=_folders(tree),
        model_folders=_plain(tree, "model-paths"),
        seed_folders=_plain(tree, "seed-paths"),
        snapshot_folders=_plain(tree, "snapshot-paths"),
        packages_folder=str(tree.get("packages-install-path") or "dbt_packages"),
    )


def _parse(path: Path) -> dict[str, Any]:
    try:
        content = read_bounded(path)
        refuse_beyond_limits(content, path)
        tree = yaml.load(content, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = Position.of(path, mark.line + 1, mark.column + 1) if mark else Position.of(path)
        raise SpecError(Problem("FLOE-E402", f"not valid YAML: {error.problem}", at)) from error
    except yaml.YAMLError as error:
        raise SpecError(Problem("FLOE-E402", f"not valid YAML: {error}", Position.of(path))) from error
    if not isinstance(tree, dict):
        raise SpecError(Problem("FLOE-E402", "expected 'key: value' lines", Position.of(path)))
    return tree


def _folders(tree: dict[str, Any]) -> tuple[str, ...]:
    """Every folder dbt reads; the whole project where a folder's name is known to dbt alone."""
    folders = {folder for key in _FOLDERS for folder in _named(tree, key)}
    return (".",) if any("{{" in folder for folder in folders) else tuple(sorted(folders))


def _plain(tree: dict[str, Any], key: str) -> tuple[str, ...]:
    return tuple(folder for folder in _named(tree, key) if "{{" not in folder)


def _named(tree: dict[str, Any], key: str) -> list[str]:
    named = tree.get(key) or _FOLDERS[key]
    folders = named if isinstance(named, list | tuple) else [named]
    return [folder for folder in folders if isinstance(folder, str)]  # dbt tells what else stands there
