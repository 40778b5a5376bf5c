"""What dbt rendered before: it takes some milliseconds a template, and most are as they were."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from floe_core.whole_file import write_if_changed
from floe_dbt.rendering_keys import RenderingKeys


class RenderedBefore:
    """SQL by the digest of all that it depends on, in a file; None for what asks the warehouse."""

    def __init__(self, path: Path, keys: RenderingKeys) -> None:
        self._path = path
        self._keys = keys
        self._earlier = _read(path)
        self._used: dict[str, str | None] = {}

    def sql(self, node: Any, render: Callable[[], str | None], *, there: bool) -> str | None:
        """The node's SQL as it was rendered, else as ``render`` gives it now."""
        key = self._keys.of(node, there=there)
        if key is None:
            return render()
        if key not in self._used:
            self._used[key] = self._earlier[key] if key in self._earlier else render()
        return self._used[key]

    def write(self) -> None:
        """Keep what was asked for."""
        write_if_changed(self._path, json.dumps(self._used, sort_keys=True, indent=0).encode())


def _read(path: Path) -> dict[str, str | None]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
