"""The tests that dbt leaves out of a project, for they read what is not there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dbt.contracts.graph.manifest import Manifest

from floe_core.plugins.dbt import LeftOut


def left_out(manifest: Manifest) -> Iterator[LeftOut]:
    """dbt warns of these tests once, when it parses them, and never runs them."""
    known = _known(manifest)
    nodes: list[Any] = list(manifest.nodes.values())
    for node in sorted(nodes, key=lambda each: each.unique_id):
        if str(node.resource_type) == "test" and not node.config.enabled:
            read = [*(ref.name for ref in node.refs), *(".".join(source) for source in node.sources)]
            missing = next((name for name in read if name not in known), None)
            yield LeftOut(node.name, node.original_file_path, missing)


def _known(manifest: Manifest) -> set[str]:
    """What there is to read, switched off or not."""
    switched_off: list[Any] = [node for nodes in manifest.disabled.values() for node in nodes]
    found: list[Any] = [*manifest.nodes.values(), *manifest.sources.values(), *switched_off]
    return {_said(node) for node in found}


def _said(node: Any) -> str:
    """How ``ref`` or ``source`` says it."""
    return f"{node.source_name}.{node.name}" if hasattr(node, "source_name") else str(node.name)
