"""Which models show only in the run what they return."""

from __future__ import annotations

import json
from pathlib import Path


def deferred_models(folder: Path) -> frozenset[str]:
    """By unique id, as the artifact among these generated files has them; none where there is no artifact."""
    try:
        artifact = json.loads((folder / "compiled_artifacts.json").read_bytes())
    except FileNotFoundError:
        return frozenset()
    return frozenset(model["unique_id"] for model in artifact["transforms"] if model["proof"] == "deferred")
