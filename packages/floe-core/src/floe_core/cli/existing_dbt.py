"""What a dbt project that was there before floe consists of; nothing of it is changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from floe_core.compilation.dbt_project import PROJECT_FILE, DbtProjectFile, read_dbt_project
from floe_core.errors import Position
from floe_core.location import SPEC_NAME
from floe_core.yaml_file import read_bounded
from floe_core.yaml_limits import refuse_beyond_limits

_MODELS = ("*.sql", "*.py")
_SNAPSHOTS = ("*.sql", "*.yml", "*.yaml")
_NEAR = 2  # levels below, where a dbt project is looked for that somebody may have meant
_PACKAGE_KEYS = ("package", "git", "local", "private", "tarball")


@dataclass(frozen=True)
class ExistingDbt:
    """A dbt project. ``adapters`` are those its own profiles.yml names, if it has one."""

    name: str
    profile: str
    adapters: tuple[str, ...]
    models: int
    seeds: int
    snapshots: int
    packages: tuple[str, ...]
    packages_installed: bool

    def lines(self) -> list[str]:
        """What was found, for people."""
        told = {
            "profile": f"{self.profile}; it is left alone, floe generates its own",
            "adapter": ", ".join(self.adapters) or "not named in the project",
            "models": str(self.models),
            "seeds": str(self.seeds),
            "snapshots": str(self.snapshots) if self.snapshots else "",
            "packages": ", ".join(self.packages) + ("" if self.packages_installed else " (not installed)"),
        }
        if not self.packages:
            told["packages"] = "none"
        return [f"  {what:<9}  {said}" for what, said in told.items() if said]


def is_dbt_project(folder: Path) -> bool:
    return (folder / PROJECT_FILE).is_file()


def projects_below(folder: Path) -> list[Path]:
    """Folders a level or two below that hold a dbt project and no product."""
    below = (
        path.parent for depth in range(1, _NEAR + 1) for path in folder.glob("*/" * depth + PROJECT_FILE)
    )
    return sorted(path for path in below if not (path / "floe.yaml").exists())


def look_at(folder: Path) -> ExistingDbt:
    """Read what the project's files say; raises SpecError for what keeps dbt from reading them."""
    project = read_dbt_project(folder, Position.of(folder / SPEC_NAME))
    packages = tuple(_packages(folder))
    return ExistingDbt(
        name=project.name,
        profile=project.profile,
        adapters=_adapters(folder, project),
        models=_count(folder, project.model_folders, _MODELS),
        seeds=_count(folder, project.seed_folders, ("*.csv",)),
        snapshots=_count(folder, project.snapshot_folders, _SNAPSHOTS),
        packages=packages,
        packages_installed=not packages or (folder / project.packages_folder).is_dir(),
    )


def _count(folder: Path, folders: tuple[str, ...], patterns: tuple[str, ...]) -> int:
    return len({path for each in folders for pattern in patterns for path in (folder / each).rglob(pattern)})


def _adapters(folder: Path, project: DbtProjectFile) -> tuple[str, ...]:
    """The types of the profile's outputs; nothing else of it is kept."""
    profile = _mapping(_mapping(_read(folder / "profiles.yml")).get(project.profile))
    outputs = _mapping(profile.get("outputs")).values()
    return tuple(sorted({str(kind) for output in outputs if (kind := _mapping(output).get("type"))}))


def _packages(folder: Path) -> Iterator[str]:
    for name in ("packages.yml", "dependencies.yml"):
        listed = _mapping(_read(folder / name)).get("packages")
        for entry in listed if isinstance(listed, list) else []:
            yield from (str(entry[key]) for key in _PACKAGE_KEYS if key in _mapping(entry))


def _read(path: Path) -> Any:
    """The file as YAML; nothing where it is missing or dbt's templates keep it from being YAML."""
    if not path.exists():
        return None
    content = read_bounded(path)
    refuse_beyond_limits(content, path)
    try:
        return yaml.load(content, Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, UnicodeDecodeError):
        return None


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
