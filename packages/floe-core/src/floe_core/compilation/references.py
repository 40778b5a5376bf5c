"""What the files refer to lies inside the platform's folder, and is a file or a folder."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from floe_core.compilation.dbt_project import PROJECT_FILE, DbtProjectFile
from floe_core.compilation.validate import Validated
from floe_core.errors import Position, Problem, shown
from floe_core.location import lies_in


def project_outside(sources: Validated, project_dir: Path) -> Iterator[Problem]:
    """The dbt project's folder or its own file where they lie, links resolved, beyond the platform's."""
    platform_dir = sources.location.platform_dir
    if not lies_in(project_dir, platform_dir):
        yield Problem(
            "FLOE-E216",
            f"dbt.project: '{sources.spec.dbt.project}' leads out of '{shown(platform_dir)}'",
            sources.spec_file.at(("dbt", "project")),
            hint="a product and its dbt project lie below one manifest.yaml, or in one git repository",
        )
    elif (file := project_dir / PROJECT_FILE).is_symlink() and not lies_in(file, platform_dir):
        yield _leads_out("this link", Position.of(file), platform_dir)


def foreign_files(project_dir: Path, project: DbtProjectFile, platform_dir: Path) -> Iterator[Problem]:
    """Folders and links of the dbt project that lead out of the platform's folder, pipes and devices.

    Installed packages are left alone: dbt links those that come from this disk.
    """
    for folder in project.folders:
        path = project_dir / folder
        if not lies_in(path, platform_dir):
            at = Position.of(project_dir / PROJECT_FILE)
            yield _leads_out(f"'{folder}'", at, platform_dir)
        elif path.is_dir():
            yield from _below(path, platform_dir, {project.packages_folder, "target", "logs"})


def _below(folder: Path, platform_dir: Path, skipped: set[str]) -> Iterator[Problem]:
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.name.startswith(".") or entry.name in skipped:
            continue
        if entry.is_symlink():
            if not lies_in(Path(entry.path), platform_dir):
                yield _leads_out("this link", Position.of(Path(entry.path)), platform_dir)
        elif entry.is_dir(follow_symlinks=False):
            yield from _below(Path(entry.path), platform_dir, {"__pycache__"})
        elif not stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode):
            yield Problem(
                "FLOE-E419",
                "this is a pipe or a device, no file",
                Position.of(Path(entry.path)),
                hint="remove it",
            )


def _leads_out(what: str, at: Position, platform_dir: Path) -> Problem:
    return Problem(
        "FLOE-E419",
        f"{what} leads out of '{shown(platform_dir)}'",
        at,
        hint="move what is meant into the platform's folder",
    )
