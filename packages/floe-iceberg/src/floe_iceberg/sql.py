"""Quoting for DuckDB."""

from __future__ import annotations

import re
from collections.abc import Iterable

_GLOB = re.compile(r"[\[*?]")


def identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def path_literal(path: str) -> str:
    """A path that DuckDB takes as it stands, although it reads those of local files as glob patterns."""
    return literal(path if "://" in path else _GLOB.sub(lambda found: f"[{found[0]}]", path))


def path_list(paths: Iterable[str]) -> str:
    return "[" + ", ".join(path_literal(path) for path in paths) + "]"
