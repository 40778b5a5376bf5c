"""What a project's hooks make in the database, so that SQL which uses it is not proven without it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from dbt.contracts.graph.manifest import Manifest

_TOOLS = ("dbt", "floe")  # the packages of dbt and its adapters
_CREATE = re.compile(
    r"\bcreate\s+(?:or\s+replace\s+)?(?:temp\s+|temporary\s+)?(?:macro|function|table|view|type|sequence)\s+"
    r"(?:if\s+not\s+exists\s+)?(?:[\w\"{}. ]*\.)?\"?(\w+)",
    re.IGNORECASE,
)


def made_by_hooks(manifest: Manifest) -> frozenset[str]:
    """The names that CREATE statements of hooks, and of macros where hooks call some, mention; lower case."""
    texts = list(_hook_texts(manifest.nodes.values()))
    if any("{{" in text or "{%" in text for text in texts):
        own = (macro for macro in manifest.macros.values() if not macro.package_name.startswith(_TOOLS))
        texts += [macro.macro_sql for macro in own]
    return frozenset(name.lower() for text in texts for name in _CREATE.findall(text))


def _hook_texts(nodes: Iterable[Any]) -> Iterator[str]:
    for node in nodes:
        if str(node.resource_type) == "operation":
            yield node.raw_code
        for hook in getattr(node.config, "pre_hook", None) or ():
            yield hook.sql
        if header := node.config.get("sql_header"):
            yield str(header)
