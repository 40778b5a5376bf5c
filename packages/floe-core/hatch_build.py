"""Puts the checkout's page of every error code into the distributions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_PLACES = {"sdist": "docs/errors", "wheel": "floe_core/explanations"}


class Explanations(BuildHookInterface):  # type: ignore[type-arg]  # what it is generic in is not public
    """Installed in place nothing is copied: there the pages are found in the checkout."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        place = _PLACES[self.target_name]
        for page in sorted(_pages(Path(self.root)).glob("FLOE-E*.md")):
            build_data["force_include"][str(page)] = f"{place}/{page.name}"


def _pages(home: Path) -> Path:
    """An unpacked sdist carries them; in the checkout they lie beside the packages."""
    for folder in (home, home.parents[1]):
        if (folder / "docs" / "errors").is_dir():
            return folder / "docs" / "errors"
    raise FileNotFoundError(f"no pages of errors in or above '{home}'")
