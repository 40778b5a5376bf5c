"""Puts the checkout's demo into the distributions, without what running it has left there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_LEFT_BEHIND = {".floe", ".user.yml", "__pycache__", "dbt_packages", "logs", "target"}
_PLACES = {"sdist": "demo", "wheel": "floe/demo"}


class Demo(BuildHookInterface):  # type: ignore[type-arg]  # what it is generic in is not public
    """Installed in place nothing is copied: there the demo is found in the checkout."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        demo = _demo(Path(self.root))
        place = _PLACES[self.target_name]
        for file in _files(demo):
            build_data["force_include"][str(file)] = f"{place}/{file.relative_to(demo).as_posix()}"


def _demo(home: Path) -> Path:
    """An unpacked sdist carries it; in the checkout it lies beside the packages."""
    for folder in (home / "demo", home.parents[1] / "demo"):
        if (folder / "manifest.yaml").is_file():
            return folder
    raise FileNotFoundError(f"no demo in or above '{home}'")


def _files(folder: Path) -> Iterator[Path]:
    for entry in sorted(folder.iterdir()):
        if entry.name in _LEFT_BEHIND:
            continue
        if entry.is_dir():
            yield from _files(entry)
        else:
            yield entry
