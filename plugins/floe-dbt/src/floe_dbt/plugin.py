"""The plugin: importing it costs nothing, calling it imports dbt."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import ClassVar

from floe_core.events import RunEvent
from floe_core.plugins.base import PluginMetadata
from floe_core.plugins.dbt import CompiledNode, DbtLocation, DBTPlugin, ParsedProject


class DbtCore(DBTPlugin):
    """dbt-core, in this process."""

    metadata: ClassVar[PluginMetadata] = PluginMetadata(
        name="core", version="0.1.0", instrumentation="floe.dbt"
    )

    def parse(self, location: DbtLocation) -> ParsedProject:
        from floe_dbt.parsing import parse

        return parse(location)

    def compile(self, location: DbtLocation, project: ParsedProject) -> Mapping[str, CompiledNode]:
        from floe_dbt.rendering import render

        return render(location, project)

    def build(
        self,
        location: DbtLocation,
        *,
        select: Sequence[str],
        full_refresh: bool,
        window: tuple[datetime, datetime] | None,
        observe: Callable[[RunEvent], None],
    ) -> bool:
        from floe_dbt.building import build

        return build(location, select=select, full_refresh=full_refresh, window=window, observe=observe)
