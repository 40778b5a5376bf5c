"""The list of code locations: one for each product, and the platform's own."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from floe_core.location import Location
from floe_core.schemas.artifacts import CompiledArtifacts
from floe_core.whole_file import write_if_changed

_PLATFORM = "platform"


def write_workspace(locations: Sequence[Location], *, maintain_every_m: int) -> Path:
    """Write ``workspace.yaml`` into the state that the products share, and the platform's definitions."""
    path = locations[0].state_dir / "workspace.yaml"
    named = {_name(location): location for location in locations}
    files = {name: location.generated_dir / "definitions.py" for name, location in named.items()}
    files[platform_name(named)] = _write_platform(named, maintain_every_m)
    entries = [
        {
            "python_file": {
                "relative_path": os.path.relpath(file, path.parent),
                "location_name": name,
            }
        }
        for name, file in files.items()
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump({"load_from": entries}, sort_keys=False), encoding="utf-8")
    return path


def platform_name(products: Mapping[str, Location]) -> str:
    """The name of the platform's location; in capitals, which no product's has, where one took it."""
    return _PLATFORM.upper() if _PLATFORM in products else _PLATFORM


def _name(location: Location) -> str:
    artifacts = CompiledArtifacts.model_validate_json(location.artifacts_path.read_bytes())
    return artifacts.dagster.location_name


def _write_platform(products: Mapping[str, Location], maintain_every_m: int) -> Path:
    folder = next(iter(products.values())).state_dir / "dagster"
    folder.mkdir(parents=True, exist_ok=True)
    specs = {name: _relative(location.spec_path, folder) for name, location in products.items()}
    manifest_path = next(iter(products.values())).manifest_path
    manifest = _relative(manifest_path, folder) if manifest_path else None
    source = (
        "from floe_orchestrator_dagster.platform_location import load_platform\n\n"
        f"defs = load_platform(\n    __file__,\n    products={specs!r},\n    manifest={manifest!r},\n"
        f"    maintain_every_m={maintain_every_m},\n)\n"
    )
    write_if_changed(folder / "platform_definitions.py", source.encode())
    return folder / "platform_definitions.py"


def _relative(path: Path, folder: Path) -> str:
    return os.path.relpath(path, folder).replace(os.sep, "/")
