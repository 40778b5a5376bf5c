"""Which layer a model belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from floe_core.plugins.dbt import ParsedNode

RAW = "bronze"
"""The layer of seeds and of what comes from outside the platform: nobody has cleaned it yet."""


def layer_of(node: ParsedNode, layers: Mapping[str, tuple[str, ...]]) -> str | None:
    """``meta.layer``, else the layer of the innermost folder that has one, else None."""
    said = node.meta.get("layer")
    if isinstance(said, str) and said:
        return said
    by_folder = {folder: layer for layer, folders in layers.items() for folder in folders}
    for folder in reversed(PurePosixPath(node.path).parts[:-1]):
        if folder in by_folder:
            return by_folder[folder]
    return None
