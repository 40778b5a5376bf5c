"""The list of code locations, one for each product."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import yaml

from floe_core.location import Location
from floe_core.schemas.artifacts import CompiledArtifacts


def write_workspace(locations: Sequence[Location]) -> Path:
    """Write ``workspace.yaml`` into the state that the products share."""
    path = locations[0].state_dir / "workspace.yaml"
    entries = []
    for location in locations:
        artifacts = CompiledArtifacts.model_validate_json(location.artifacts_path.read_bytes())
        definitions = location.generated_dir / "definitions.py"
        entries.append(
            {
                "python_file": {
                    "relative_path": os.path.relpath(definitions, path.parent),
                    "location_name": artifacts.dagster.location_name,
                }
            }
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump({"load_from": entries}, sort_keys=False), encoding="utf-8")
    return path
