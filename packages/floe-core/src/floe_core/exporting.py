"""Who is to hear what is told: the plugins that an artifact names, and whoever reads standard error."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from pathlib import Path

from floe_core import telemetry
from floe_core.errors import FloeError
from floe_core.platform import Platform
from floe_core.schemas.artifacts import CompiledArtifacts
from floe_core.telemetry import Exporter, Resource
from floe_core.telemetry.log_lines import StreamExporter, wanted_level


def resource_of(artifacts: CompiledArtifacts, environment: str, state_dir: Path) -> Resource:
    """Who tells, as an artifact says it."""
    metadata = artifacts.metadata
    return Resource(
        metadata.product_name, environment, metadata.platform, metadata.product_version, state_dir
    )


def attach_exporters(platform: Platform, state_dir: Path) -> None:
    """Let the chosen plugin have what is told; one that cannot begin is told of, and hurts nobody."""
    key = ("telemetry", state_dir)
    if telemetry.is_attached(key):
        return
    exporters, size = _on_stderr(), 0
    try:
        if plugin := platform.telemetry:
            exporters += plugin.exporters(state_dir)
            size = plugin.queue_size
    except (FloeError, OSError, ValueError) as error:  # a secret that is not set, a certificate that is gone
        logging.getLogger("floe.telemetry").warning("telemetry is off: %s", _reason(error))
    telemetry.attach(key, exporters, state_dir, size=size or None)


def attach_lineage(platform: Platform, state_dir: Path) -> None:
    """Let the chosen plugin have the events; one that cannot begin is told of, and hurts nobody."""
    key = ("lineage", state_dir)
    if telemetry.is_attached(key):
        return
    exporters: Sequence[Exporter] = ()
    try:
        if plugin := platform.lineage:
            exporters = plugin.exporters(state_dir)
    except (FloeError, OSError, ValueError) as error:
        logging.getLogger("floe.lineage").warning("lineage is off: %s", _reason(error))
    telemetry.attach(key, exporters, state_dir)


def _reason(error: Exception) -> str:
    return error.problems[0].message if isinstance(error, FloeError) else str(error)


def _on_stderr() -> list[Exporter]:
    level = wanted_level(os.environ.get("FLOE_LOG", ""))
    return [StreamExporter(level)] if level else []
